// tls-alpn-01 (RFC 8737, 3; RFC 8738, 6): one handshake, and a certificate that says one name and one digest.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import tls from 'node:tls';
import * as x509 from '@peculiar/x509';
import { canonical } from './names.ts';
import type { Identifier } from './problem.ts';
import { AcmeProblem } from './problem.ts';

const PROTOCOL = 'acme-tls/1';
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31';
const OCTET_STRING = [0x04, 0x20];

export interface AlpnValidation {
  readonly identifier: Identifier;
  readonly answer: string;
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

export async function validateAlpn({ identifier, answer, address, port, timeoutMs }: AlpnValidation): Promise<void> {
  const socket = tls.connect({
    host: address,
    port,
    servername: identifier.type === 'ip' ? reverseName(identifier.value) : identifier.value,
    ALPNProtocols: [PROTOCOL],
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(timeoutMs) });
    if (socket.alpnProtocol !== PROTOCOL) throw new AcmeProblem('unauthorized', `${PROTOCOL} was not agreed on`);
    checkCertificate(new x509.X509Certificate(socket.getPeerCertificate().raw), identifier, answer);
  } catch (error) {
    if (error instanceof AcmeProblem) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new AcmeProblem(code.startsWith('ERR_SSL') ? 'tls' : 'connection', message);
  } finally {
    socket.on('error', () => {}).destroy();
  }
}

function checkCertificate(certificate: x509.X509Certificate, { type, value }: Identifier, answer: string): void {
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const [name] = names;
  if (names.length !== 1 || name?.type !== type || canonical(name.value) !== value) {
    throw new AcmeProblem('unauthorized', `the certificate is not for ${value} alone`);
  }
  const extension = certificate.getExtension(ACME_IDENTIFIER);
  if (extension === null || !extension.critical) {
    throw new AcmeProblem('unauthorized', 'the certificate has no critical acmeIdentifier');
  }
  const digest = createHash('sha256').update(answer).digest();
  if (!Buffer.concat([Buffer.from(OCTET_STRING), digest]).equals(Buffer.from(extension.value))) {
    throw new AcmeProblem('unauthorized', 'acmeIdentifier has the wrong digest');
  }
}

function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const groups = expand(address).map((group) => group.padStart(4, '0'));
  return `${groups.join('').split('').reverse().join('.')}.ip6.arpa`;
}

function expand(address: string): string[] {
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
}
