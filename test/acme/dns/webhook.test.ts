import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldsOf, itemsOf, parseJson, retryAfterMs } from '../../../src/acme/dns/api.ts';
import { shown } from '../../../src/acme/dns/failure.ts';
import type { DnsProvider } from '../../../src/acme/dns/provider.ts';
import { webhook } from '../../../src/acme/dns/webhook.ts';
import type { SeenRequest } from '../../support/backend.ts';
import { startBackend, startStreamingBackend } from '../../support/backend.ts';
import { freePort } from '../../support/named.ts';
import { after, failureOf, noEnd } from './failing.ts';

const record = { fqdn: '_acme-challenge.example.test', value: 'value' };
const token = 'hunter2-hunter2';

function hook(url: string, ...given: readonly [] | readonly [undefined]): DnsProvider {
  return webhook({ name: 'webhook', url, token: given.length === 0 ? token : undefined }, { firstPauseMs: 20 });
}

/** Answers with each of the statuses in turn, then with the last. */
async function service(...answers: readonly ((response: ServerResponse, request: SeenRequest) => void)[]) {
  let count = 0;
  return await startBackend((request, response) => {
    const answer = answers[Math.min(count++, answers.length - 1)];
    answer?.(response, request);
  });
}

const status =
  (code: number, text = '', headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers).end(text);

test('it gets a POST with the name and the value, and the token', async () => {
  const api = await service(status(204));
  for (const base of [`${api.url}/acme`, `${api.url}/acme/`]) {
    await hook(base).present(record, noEnd);
    await hook(`${base}?key=1`, undefined).cleanup(record, noEnd);
  }
  expect(
    api.seen.map(({ method, url, headers }) => [method, url, headers['content-type'], headers.authorization]),
  ).toEqual([
    ['POST', '/acme/present', 'application/json', `Bearer ${token}`],
    ['POST', '/acme/cleanup?key=1', 'application/json', undefined],
    ['POST', '/acme/present', 'application/json', `Bearer ${token}`],
    ['POST', '/acme/cleanup?key=1', 'application/json', undefined],
  ]);
  expect(api.seen.map(({ body }) => JSON.parse(body.toString()))).toEqual(Array(4).fill(record));
});

describe('a busy service is asked again', () => {
  test.for([429, 500, 502, 503])('after %i', async (code) => {
    const api = await service(status(code), status(code), status(200));
    await hook(api.url).present(record, noEnd);
    expect(api.seen.length).toBe(3);
  });

  test('when it says', async () => {
    const api = await service(status(429, '', { 'retry-after': '1' }), status(200));
    const started = performance.now();
    await hook(api.url).present(record, noEnd);
    expect(performance.now() - started).toBeGreaterThan(950);
  });

  test('a few times only', async () => {
    const api = await service(status(503, 'come back later'));
    const failure = await failureOf(hook(api.url).present(record, noEnd));
    expect(api.seen.length).toBe(4);
    expect(failure).toMatchObject({ code: 'dns_provider_failed', side: 'upstream', retry: true });
    expect(failure.message).toMatch(
      /^webhook: POST http:.*\/present for _acme-challenge\.example\.test failed: HTTP 503: come back later; the service/,
    );
  });

  test('not when it wants a long pause', async () => {
    const api = await service(status(429, 'slow down', { 'retry-after': '3600' }));
    const failure = await failureOf(hook(api.url).present(record, noEnd));
    expect(api.seen.length).toBe(1);
    expect(failure.message).toMatch(/HTTP 429 \(try again in 3600 s\): slow down/);
    expect(failure.retry).toBe(true);
  });

  test('and the wait ends at the deadline', async () => {
    const api = await service(status(429, 'slow down', { 'retry-after': '20' }));
    const failure = await failureOf(hook(api.url).present(record, after(150)));
    expect(failure.message).toMatch(/it took too long; the last answer was: HTTP 429 .* slow down/);
  });
});

test('a refusal is not repeated, and a token that comes back is hidden', async () => {
  const api = await service((response, { headers }) => status(403, `no: ${headers.authorization}\r\n\u0007`)(response));
  const failure = await failureOf(hook(api.url).present(record, noEnd));
  expect(api.seen.length).toBe(1);
  expect(failure.retry).toBe(false);
  expect(failure.message).toMatch(/HTTP 403: no: Bearer \*\*\*; see that dns\.token/);
});

test('a query is hidden too, since it may hold a key', async () => {
  const api = await service((response, { url }) => status(400, `bad ${url}`)(response));
  const failure = await failureOf(hook(`${api.url}/a?key=${token}`).present(record, noEnd));
  expect(failure.message).not.toContain(token);
});

test('a redirect is not followed: the token would go along', async () => {
  const other = await service(status(200));
  const api = await service(status(307, '', { location: `${other.url}/present` }));
  const failure = await failureOf(hook(api.url).present(record, noEnd));
  expect(failure.message).toMatch(/HTTP 307 without a word; write the URL that it redirects to/);
  expect(other.seen).toEqual([]);
});

test('a long refusal is cut', async () => {
  const api = await service(status(400, 'x'.repeat(100_000)));
  const { message } = await failureOf(hook(api.url).present(record, noEnd));
  expect(message.length).toBeLessThan(800);
});

test('an answer without end is not read to the end', async () => {
  let sent = 0;
  const api = await startStreamingBackend((_, response: ServerResponse<IncomingMessage>) => {
    const pour = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
    };
    response.on('drain', pour);
    response.on('error', () => undefined);
    response.writeHead(200);
    pour();
  });
  const failure = await failureOf(hook(api.url).present(record, noEnd));
  expect(failure.message).toMatch(/the answer is longer than 1048576 bytes/);
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test.for<[string, (response: ServerResponse) => void]>([
  ['nothing at all', () => undefined],
  ['a head and no body', (response) => void response.writeHead(200, { 'content-length': '9' }).write('a')],
])('%s ends at the deadline', async ([, answer]) => {
  const api = await startStreamingBackend((_, response) => answer(response));
  const failure = await failureOf(hook(api.url).present(record, after(200)));
  expect(failure).toMatchObject({ retry: true });
  expect(failure.message).toMatch(/it took too long/);
});

test('a service that is not there', async () => {
  const port = await freePort('127.0.0.1');
  const failure = await failureOf(hook(`http://127.0.0.1:${port}`).present(record, noEnd));
  expect(failure.message).toMatch(/ECONNREFUSED/);
  expect(failure.retry).toBe(true);
});

test.for<[string | null, number | undefined]>([
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5000],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['9999999999', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After %j is %j ms', ([field, expected]) => {
  expect(retryAfterMs(field, Date.parse('2026-01-01T00:00:00Z'))).toBe(expected);
});

test('readers of JSON take anything', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const value = parseJson(text);
      expect(typeof fieldsOf(value)).toBe('object');
      expect(Array.isArray(itemsOf(value))).toBe(true);
    }),
  );
});

test('what is shown is one bounded line without secrets', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), fc.string({ minLength: 5 }), (text, secret) => {
      const line = shown(text + secret + text, [secret]);
      expect(line).not.toMatch(/\p{Cc}/u);
      expect(line.length).toBeLessThanOrEqual(401);
      if (!text.includes(secret) && !'***'.includes(secret)) expect(shown(secret, [secret])).toBe('***');
    }),
  );
});
