// Whether the answer to tls-alpn-01 is shown in a handshake for the name (RFC 8737, 3).
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { serverNameOf } from '../../acme/challenges/solve.ts';
import type { Place } from './addresses.ts';
import { type Finding, fail } from './finding.ts';
import type { Patient } from './patient.ts';
import { portFor } from './ports.ts';
import { lookEverywhere, placeProbe, WrongAnswer } from './probe.ts';

const PROTOCOL = 'acme-tls/1';

export async function probeAlpn(patient: Patient, places: readonly Place[], signal: AbortSignal): Promise<Finding[]> {
  const { host, answers } = patient;
  const port = portFor(patient, 'https');
  if (port === undefined) return [fail('tls-alpn-01', 'the gateway has no TLS listener')];
  const servername = serverNameOf({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host });
  const { withdraw } = await placeProbe('tls-alpn-01', patient, signal);
  try {
    const { fingerprint256 } = new X509Certificate(answers.alpn(servername) ?? '');
    return await lookEverywhere('tls-alpn-01', places, async (address) => {
      const shown = await shake({ host: address, port, servername }, signal);
      if (shown === undefined) throw new WrongAnswer(`port ${port} speaks TLS, but not ${PROTOCOL} for this name`);
      if (shown !== fingerprint256)
        throw new WrongAnswer(`port ${port} shows another certificate than the challenge's`);
    });
  } finally {
    await withdraw();
  }
}

/** The fingerprint of the certificate that is shown; undefined when the protocol is not spoken. */
async function shake(
  target: { readonly host: string; readonly port: number; readonly servername: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  // What is shown is signed by itself, as it must be; it is compared whole below.
  const socket = tls.connect({ ...target, ALPNProtocols: [PROTOCOL], rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal });
    return socket.alpnProtocol === PROTOCOL ? socket.getPeerX509Certificate()?.fingerprint256 : undefined;
  } catch (error) {
    // Who does not know the protocol says so by an alert (RFC 7301, 3.2).
    if (String((error as NodeJS.ErrnoException).code).startsWith('ERR_SSL')) return undefined;
    throw error;
  } finally {
    socket.destroy();
  }
}
