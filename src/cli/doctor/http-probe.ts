// Whether the answer to http-01 can be fetched at the name (RFC 8555, 8.3), by way of redirects if need be.
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { orNone, withResolver } from '../../acme/dns/lookups.ts';
import type { Place } from './addresses.ts';
import type { Finding } from './finding.ts';
import { hostInUrl, type Patient } from './patient.ts';
import { portFor } from './ports.ts';
import { lookEverywhere, placeProbe, WrongAnswer } from './probe.ts';

const MAX_REDIRECTS = 5;
const MAX_BODY_LENGTH = 1024;
const SHOWN_LENGTH = 80;

export async function probeHttp(patient: Patient, places: readonly Place[], signal: AbortSignal): Promise<Finding[]> {
  const { token, keyAuthorization, withdraw } = await placeProbe('http-01', patient, signal);
  try {
    const port = portFor(patient, 'http') ?? 80;
    const url = new URL(`http://${hostInUrl(patient.host)}/.well-known/acme-challenge/${token}`);
    return await lookEverywhere('http-01', places, async (address) => {
      const { status, text } = await follow(url, { address, port }, patient, signal);
      if (status === 200 && text.trim() === keyAuthorization) return;
      const shown = text
        .slice(0, SHOWN_LENGTH)
        .replaceAll(/[^ -~]+/g, ' ')
        .trim();
      throw new WrongAnswer(`port ${port} answers ${status} ${JSON.stringify(shown)} in place of the challenge`);
    });
  } finally {
    await withdraw();
  }
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

interface Door {
  readonly address: string;
  readonly port: number;
}

/** Authorities follow redirects, and trust any certificate on the way. */
async function follow(url: URL, first: Door, patient: Patient, signal: AbortSignal): Promise<Answer> {
  let [target, door] = [url, first];
  for (let redirects = 0; ; redirects++) {
    const answer = await get(target, door, signal);
    const { status, location } = answer;
    if (status < 300 || status >= 400 || location === undefined) return answer;
    if (redirects >= MAX_REDIRECTS) throw new WrongAnswer(`there are more than ${MAX_REDIRECTS} redirects`);
    if (!URL.canParse(location, target)) throw new WrongAnswer('a redirect leads nowhere');
    target = new URL(location, target);
    door = await doorOf(target, url, first, patient, signal);
  }
}

async function doorOf(target: URL, url: URL, first: Door, patient: Patient, signal: AbortSignal): Promise<Door> {
  const isSecure = target.protocol === 'https:';
  const usual = portFor(patient, isSecure ? 'https' : 'http') ?? (isSecure ? 443 : 80);
  const port = target.port === '' ? usual : Number(target.port);
  if (target.hostname === url.hostname) return { address: first.address, port };
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0) return { address: host, port };
  const found = await withResolver(patient.resolvers, signal, (resolver) => orNone(resolver.resolve4(host)));
  if (found[0] === undefined) throw new WrongAnswer(`a redirect leads to ${host}, which has no address`);
  return { address: found[0], port };
}

function get(url: URL, { address, port }: Door, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const isSecure = url.protocol === 'https:';
  const options = {
    host: address,
    port,
    path: url.pathname + url.search,
    headers: { host: url.host, 'user-agent': 'Gatehouse' },
    agent: false,
    signal,
    ...(isSecure && { rejectUnauthorized: false, servername: isIP(url.hostname) === 0 ? url.hostname : '' }),
  };
  const request = (isSecure ? https : http).request(options, (response) => {
    let text = '';
    const done = (): void => resolve({ status: response.statusCode ?? 0, location: response.headers.location, text });
    response.setEncoding('latin1');
    response.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_BODY_LENGTH) {
        done();
        response.destroy();
      }
    });
    response.once('end', done).once('error', reject);
  });
  request.once('error', reject);
  request.end();
  return promise;
}
