// Whether connections to the name arrive at all, on the ports that an authority comes to.
import { once } from 'node:events';
import net from 'node:net';
import { isPublicAuthority } from '../../acme/known.ts';
import type { Place } from './addresses.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

const CHECK = 'ports';
const CONNECT_TIMEOUT_MS = 5000;

type Door = 'http' | 'https';

/** RFC 8555, 8.3, and RFC 8737, 3: an authority comes here whatever `listen` says. */
export const AUTHORITY_PORTS: Readonly<Record<Door, number>> = { http: 80, https: 443 };

/** Where a check knocks: what the operator says, else where the gateway listens. */
export function portFor(patient: Patient, door: Door): number | undefined {
  const named = door === 'http' ? patient.connect?.httpPort : patient.connect?.httpsPort;
  return named ?? patient.ports[door];
}

export async function lookAtPorts(patient: Patient, places: readonly Place[], signal: AbortSignal): Promise<Finding[]> {
  const tries = (['http', 'https'] as const).map((door) => knock(patient, door, places, signal));
  return [...(await Promise.all(tries)).flat(), ...oddPorts(patient)];
}

async function knock(patient: Patient, door: Door, places: readonly Place[], signal: AbortSignal): Promise<Finding[]> {
  const port = portFor(patient, door);
  if (port === undefined) return [closedDoor(patient, door)];
  const outcomes = await Promise.all(
    places.map(async (place) => ({ ...place, why: await failureOf(place.address, port, signal) })),
  );
  const open = outcomes.filter(({ why }) => why === undefined);
  const findings = outcomes
    .filter(({ why }) => why !== undefined)
    .map(({ address, isHere, why }) => {
      const message = `${address} does not take connections on port ${port}: ${why}`;
      if (isHere) return fail(CHECK, message, 'See that the gateway runs, and that no firewall is in between.');
      return warn(CHECK, message, 'Behind NAT without a way back this says little; try it from outside.');
    });
  if (open.length === 0) return findings;
  const where = open.map(({ address }) => address).join(', ');
  return [ok(CHECK, `${where} takes connections on port ${port}`), ...findings];
}

function closedDoor({ types }: Patient, door: Door): Finding {
  const isNeeded = door === 'http' && types.every((type) => type === 'http-01');
  const message = `listen.${door} is off`;
  return isNeeded
    ? fail(CHECK, `${message}, and http-01 is the only challenge`, 'Switch it on, or allow tls-alpn-01.')
    : ok(CHECK, `${message}; another challenge does without`);
}

/** Only a public authority insists: a private one may be set up otherwise. */
function oddPorts({ config, ports, types }: Patient): Finding[] {
  const { issuers } = config.certificates.acme;
  if (types.every((type) => type === 'dns-01') || !issuers.some(({ directory }) => isPublicAuthority(directory)))
    return [];
  return (['http', 'https'] as const).flatMap((door) => {
    const [port, wanted] = [ports[door], AUTHORITY_PORTS[door]];
    if (port === undefined || port === wanted) return [];
    const message = `the gateway listens on port ${port}, and a public authority comes to ${wanted}`;
    return [warn(CHECK, message, `Lead port ${wanted} of the name's addresses to port ${port} here.`)];
  });
}

async function failureOf(address: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  const socket = net.connect({ host: address, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]) });
    return undefined;
  } catch (error) {
    return connectionFault(error);
  } finally {
    socket.destroy();
  }
}

export function connectionFault(error: unknown): string {
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return 'no answer in time';
  return FAULTS[code ?? ''] ?? message;
}

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no way there',
  ENETUNREACH: 'there is no way there from this machine (perhaps it has no IPv6)',
  EADDRNOTAVAIL: 'there is no way there from this machine (perhaps it has no IPv6)',
  ETIMEDOUT: 'no answer in time',
};
