// What is in service for the name: the certificate, its days, when it is renewed, and what failed last.
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { isIP } from 'node:net';
import tls from 'node:tls';
import type { ManagedStatus } from '../../acme/status.ts';
import type { Certificate } from '../../tls/certificate.ts';
import { lifeLeft, nextTryOf } from '../managed.ts';
import type { Place } from './addresses.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';
import { portFor } from './ports.ts';

const CHECK = 'certificate';

/** What the storage has, and what the plan is for it. */
export function lookAtService(certificate: Certificate | undefined, status: ManagedStatus | undefined): Finding[] {
  const nowMs = Date.now();
  return [certificateFinding(certificate, nowMs), ...planFindings(status, certificate !== undefined)];
}

function certificateFinding(certificate: Certificate | undefined, nowMs: number): Finding {
  if (certificate === undefined) return warn(CHECK, 'there is none yet; the local CA stands in, which clients refuse');
  const { names, keyType, issuer, notAfter, notBefore, chainPem, warnings } = certificate;
  const chain = chainPem.split('-----BEGIN CERTIFICATE-----').length - 1;
  const life = lifeLeft(notAfter.toISOString(), nowMs);
  const message = `${names.join(', ')}; ${keyType} key, ${chain} in its chain, issued by ${issuer}; ${life}`;
  if (notAfter.getTime() <= nowMs) return fail(CHECK, message, 'Clients refuse it. See below why it was not renewed.');
  if (notBefore.getTime() > nowMs) return fail(CHECK, `${message}; not valid yet`, 'See the clock of this machine.');
  return warnings.length === 0 ? ok(CHECK, message) : warn(CHECK, `${message}. ${warnings.join(' ')}`);
}

function planFindings(status: ManagedStatus | undefined, isThere: boolean): Finding[] {
  if (status === undefined) return [];
  const { failure, renewAt, isAdvised, explanationUrl } = status;
  const findings: Finding[] = [];
  if (failure !== undefined) {
    const message = `the last order failed at ${failure.at} (${failure.count} in a row): ${failure.message}`;
    const advice = `The next try is at ${nextTryOf(status)}; certs renew tries at once.`;
    findings.push(isThere ? warn('renewal', message, advice) : fail('renewal', message, advice));
  } else if (renewAt !== undefined) {
    findings.push(ok('renewal', `planned for ${renewAt}${isAdvised ? ', as the authority advises' : ''}`));
  }
  if (explanationUrl !== undefined)
    findings.push(warn('renewal', `the authority explains its advice: ${explanationUrl}`));
  return findings;
}

/** Whether clients at the name are shown what the storage has. */
export async function lookAtShown(
  patient: Patient,
  places: readonly Place[],
  certificate: Certificate | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const port = portFor(patient, 'https');
  const [place] = places;
  // No client asks for a wildcard itself, and any host below it may have a certificate of its own.
  if (port === undefined || place === undefined || certificate === undefined || patient.name.startsWith('*.'))
    return [];
  const shown = await shownAt(place.address, port, patient.host, signal).catch(() => undefined);
  if (shown === undefined) return [];
  if (shown.fingerprint256 === certificate.fingerprint256) return [ok('served', 'clients are shown this certificate')];
  const message = `clients at ${place.address}:${port} are shown another one, until ${shown.validToDate.toISOString()}, by ${shown.issuer.replaceAll('\n', ', ')}`;
  return [
    warn(
      'served',
      message,
      'Something else ends TLS there, or the gateway has yet to look: it does so within certificates.acme.checkEvery.',
    ),
  ];
}

async function shownAt(
  host: string,
  port: number,
  name: string,
  signal: AbortSignal,
): Promise<X509Certificate | undefined> {
  const servername = isIP(name) === 0 ? name : '';
  const socket = tls.connect({ host, port, servername, ALPNProtocols: ['http/1.1'], rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal });
    return socket.getPeerX509Certificate();
  } finally {
    socket.destroy();
  }
}
