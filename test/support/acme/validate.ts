// Validation for real: a token over HTTP, a certificate by ALPN, a TXT record. Names lead where the settings say.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Identifier } from './problem.ts';
import { AcmeProblem } from './problem.ts';
import type { CaSettings } from './settings.ts';
import { lookUpTxt } from './txt.ts';
import { validateAlpn } from './validate-alpn.ts';

const MAX_REDIRECTS = 10;
const MAX_BODY_BYTES = 65_536;

/** `answer` is the key authorization. Throws an `AcmeProblem` for the challenge. */
export async function validate(
  type: string,
  identifier: Identifier,
  token: string,
  answer: string,
  settings: CaSettings,
): Promise<void> {
  if (type === 'http-01') return validateHttp(identifier.value, token, answer, settings);
  if (type === 'dns-01') return validateDns(identifier.value, answer, settings);
  if (type === 'tls-alpn-01') {
    const { tlsPort: port, validationTimeoutMs: timeoutMs } = settings;
    return validateAlpn({ identifier, answer, address: addressOf(identifier.value, settings), port, timeoutMs });
  }
  throw new AcmeProblem('serverInternal', `nobody knows how to validate ${type}`);
}

async function validateHttp(name: string, token: string, answer: string, settings: CaSettings): Promise<void> {
  let url = new URL(`http://${name.includes(':') ? `[${name}]` : name}/.well-known/acme-challenge/${token}`);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const { status, location, body } = await get(url, settings);
    if (status >= 300 && status < 400 && location !== undefined) {
      url = new URL(location, url);
      continue;
    }
    if (status !== 200) throw new AcmeProblem('unauthorized', `invalid response from ${url.href}: ${status}`);
    if (body.trimEnd() !== answer) throw new AcmeProblem('unauthorized', `wrong key authorization at ${url.href}`);
    return;
  }
  throw new AcmeProblem('connection', `more than ${MAX_REDIRECTS} redirects`);
}

interface Fetched {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** The ports of the Web are those of the settings; no certificate is asked for its worth. */
function get(url: URL, settings: CaSettings): Promise<Fetched> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isSecure = url.protocol === 'https:';
  const { promise, resolve, reject } = Promise.withResolvers<Fetched>();
  const fail = (error: Error): void => reject(new AcmeProblem('connection', `${url.href}: ${error.message}`));
  const options = {
    host: addressOf(host, settings),
    port: url.port === '' ? (isSecure ? settings.tlsPort : settings.httpPort) : Number(url.port),
    path: url.pathname + url.search,
    headers: { host: url.host, 'user-agent': 'test-ca', accept: '*/*' },
    agent: false,
    signal: AbortSignal.timeout(settings.validationTimeoutMs),
  };
  const take = (response: IncomingMessage): void => void read(response).then(resolve, fail);
  const call = isSecure
    ? https.get({ ...options, servername: host, rejectUnauthorized: false }, take)
    : http.get(options, take);
  call.on('error', fail);
  return promise;
}

async function read(response: IncomingMessage): Promise<Fetched> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break;
    chunks.push(chunk);
  }
  const { statusCode = 0, headers } = response;
  return { status: statusCode, location: headers.location, body: Buffer.concat(chunks).toString() };
}

async function validateDns(name: string, answer: string, settings: CaSettings): Promise<void> {
  const record = `_acme-challenge.${name}`;
  const wanted = createHash('sha256').update(answer).digest('base64url');
  const values = settings.txt !== undefined ? await settings.txt(record) : await lookUpTxt(record, settings.dnsServer);
  if (values.length === 0) throw new AcmeProblem('dns', `no TXT record found at ${record}`);
  if (!values.includes(wanted)) throw new AcmeProblem('unauthorized', `incorrect TXT record found at ${record}`);
}

function addressOf(name: string, { addresses }: CaSettings): string {
  const address = addresses[name] ?? '127.0.0.1';
  if (address === '') throw new AcmeProblem('dns', `no address for ${name}`);
  return address;
}
