// Everything that reads what others wrote: it never throws unawares, never hangs, and says nothing that was not there.
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { certificateId, readWindow } from '../../src/acme/ari.ts';
import { alternatesOf, endsAt } from '../../src/acme/chains.ts';
import { addressBytes, reverseName } from '../../src/acme/challenges/address.ts';
import { serverNameOf } from '../../src/acme/challenges/solve.ts';
import { readAuthorization, readDirectory, readOrder } from '../../src/acme/documents.ts';
import { readEntries } from '../../src/acme/ledger.ts';
import { readOrderState } from '../../src/acme/order.ts';
import { AcmeError, printable, problemInWords, readProblem } from '../../src/acme/problem.ts';
import { MAX_RETRY_AFTER_MS, readRetryAfter } from '../../src/acme/retry-after.ts';
import { readStory } from '../../src/acme/story.ts';
import { certIdOf, Issuer } from '../support/acme/issuer.ts';

const DIRECTORY = 'https://ca.example.com/directory';
const runs = Number(process.env.FUZZ_RUNS ?? 300);
const anything = fc.anything({ withBigInt: false, withNullPrototype: true });
const property = <T>(one: fc.Arbitrary<T>, act: (value: T) => void): void =>
  fc.assert(fc.property(one, act), { numRuns: runs });

test('Retry-After is between nothing and a day', () => {
  property(
    fc.oneof(
      anything,
      fc.string(),
      fc.integer().map(String),
      fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
    ),
    (value) => {
      const ms = readRetryAfter(value, 1_700_000_000_000);
      expect(ms === undefined || (ms >= 0 && ms <= MAX_RETRY_AFTER_MS)).toBe(true);
    },
  );
});

test.for([
  ['120', 120_000],
  [' 0 ', 0],
  ['99999999999999999999', MAX_RETRY_AFTER_MS],
  ['Tue, 14 Nov 2023 22:14:20 GMT', 60_000],
  ['Tue, 14 Nov 2023 22:00:00 GMT', 0],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['soon', undefined],
  [['120'], undefined],
])('Retry-After: %j is %j ms', ([value, ms]) => {
  expect(readRetryAfter(value, 1_700_000_000_000)).toBe(ms);
});

test('a problem of any shape becomes a sentence without anything that steers a terminal', () => {
  const shape = fc.record(
    {
      type: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('toString', 'constructor', '__proto__', 'caa'),
        anything,
      ),
      detail: fc.oneof(fc.string({ unit: 'binary', maxLength: 2000 }), anything),
      subproblems: fc.oneof(
        anything,
        fc.array(fc.record({ type: fc.string(), identifier: anything }), { maxLength: 40 }),
      ),
    },
    { requiredKeys: [] },
  );
  property(fc.oneof(shape, anything), (value) => {
    const problem = readProblem(value, 400);
    if (problem === undefined) return;
    for (const about of ['request', 'challenge'] as const) {
      const words = problemInWords(problem, about);
      expect(words).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(words).not.toContain('native code');
      expect(words.length).toBeLessThan(25_000);
    }
  });
});

test('a text is cut and made harmless', () => {
  property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
    expect(printable(text).length).toBeLessThanOrEqual(501);
    expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});

test('documents of any shape are read or refused, and lead nowhere without encryption', () => {
  const url = fc.oneof(
    fc.webUrl(),
    fc.constantFrom('http://ca.example.com/x', 'file:///etc/passwd', 'https://ca.example.com/1'),
  );
  const document = fc.record(
    {
      status: fc.oneof(fc.constantFrom('pending', 'valid', 'ready'), anything),
      authorizations: fc.oneof(fc.array(url, { maxLength: 20 }), anything),
      finalize: fc.oneof(url, anything),
      certificate: fc.oneof(url, anything),
      challenges: fc.oneof(
        anything,
        fc.array(
          fc.record({ type: fc.string(), url, status: fc.string(), token: fc.oneof(fc.string(), fc.constant('a-_b')) }),
        ),
      ),
      newOrder: fc.oneof(url, anything),
      renewalInfo: fc.oneof(url, anything),
      meta: fc.oneof(anything, fc.record({ profiles: anything, termsOfService: anything })),
    },
    { requiredKeys: [] },
  );
  const origin = { directory: DIRECTORY, retryAfterMs: undefined };
  property(fc.oneof(document, anything), (data) => {
    for (const read of [
      () => readOrder(data, 'https://ca.example.com/order', origin),
      () => readAuthorization(data, origin),
      () => readDirectory(data, DIRECTORY),
    ]) {
      try {
        expect(JSON.stringify({ ...read(), error: undefined, challenges: undefined })).not.toMatch(/"(?:http|file):/);
      } catch (error) {
        if (!(error instanceof AcmeError)) throw error;
        expect(error.kind).toBe('unreachable');
      }
    }
  });
});

test('a window of any shape is advice or none', () => {
  const time = fc.oneof(
    fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
    fc.string(),
    anything,
  );
  const shape = fc.record({ suggestedWindow: fc.record({ start: time, end: time }), explanationURL: anything });
  property(fc.oneof(shape, anything), (value) => {
    const window = readWindow(value);
    if (window === undefined) return;
    expect(window.endMs).toBeGreaterThanOrEqual(window.startMs);
  });
  const window = { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00+01:00' };
  expect(readWindow({ suggestedWindow: window, explanationURL: 'javascript:alert(1)' })).toEqual({
    startMs: Date.parse(window.start),
    endMs: Date.parse(window.end),
    explanationUrl: undefined,
  });
  expect(readWindow({ suggestedWindow: { start: window.end, end: window.start } })).toBeUndefined();
});

test('the name of a certificate for renewal information, with and without a high bit in its serial number', async () => {
  const issuer = await Issuer.create(1);
  for (let i = 0; i < 4; i++) {
    const [notBefore, notAfter] = [new Date(), new Date(Date.now() + 1e9)];
    const { pem, certId } = await issuer.issue({ spki: undefined, names: ['a.example.com'], notBefore, notAfter });
    expect(certificateId(new X509Certificate(pem))).toBe(certId);
  }
  // RFC 9773, 4.1.
  expect(
    certIdOf(Buffer.from('69885b6b87464041e1b37b847bd0ae2cde01c8d4', 'hex'), Buffer.from('0087654321', 'hex')),
  ).toBe('aYhba4dGQEHhs3uEe9CuLN4ByNQ.AIdlQyE');
});

test('what lies in files is read whole or not at all', () => {
  const number = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constant(null));
  const story = fc.record(
    {
      directory: anything,
      hasty: number,
      issuedMs: number,
      adviceCheckMs: number,
      advice: fc.record({ startMs: number, endMs: number, chosenMs: number }),
      failures: fc.dictionary(
        fc.string(),
        fc.record({
          kind: fc.constantFrom('limit', 'x'),
          count: number,
          message: fc.string(),
          atMs: number,
          nextTryMs: number,
          settings: fc.string(),
        }),
      ),
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    story.map((one) => JSON.stringify(one)),
  );
  property(text, (value) => {
    const read = readStory(value);
    for (const time of [
      read?.issuedMs,
      read?.adviceCheckMs,
      read?.advice?.chosenMs,
      ...Object.values(read?.failures ?? {}).map(({ nextTryMs }) => nextTryMs),
    ]) {
      if (time !== undefined) expect(() => new Date(time).toISOString()).not.toThrow();
    }
    const state = readOrderState(value);
    if (state !== undefined) expect(Array.isArray(state.types)).toBe(true);
    for (const { atMs, name } of readEntries(value)) expect([typeof atMs, typeof name]).toEqual(['number', 'string']);
  });
  // What was written is read again.
  property(story, (one) => {
    const once = readStory(JSON.stringify(one)) ?? {};
    expect(readStory(JSON.stringify(once))).toEqual(once);
  });
});

test('the reverse name of any address', () => {
  property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
    const isV4 = !address.includes(':');
    const name = serverNameOf({ type: 'ip', value: address });
    expect(name).toMatch(isV4 ? /^(?:\d{1,3}\.){4}in-addr\.arpa$/ : /^(?:[0-9a-f]\.){32}ip6\.arpa$/);
    expect(addressBytes(address)).toHaveLength(isV4 ? 4 : 16);
    if (!isV4) {
      const back = (addressBytes(address).toString('hex').match(/.{4}/g) ?? []).join(':');
      expect(new URL(`http://[${back}]`).hostname).toBe(new URL(`http://[${address}]`).hostname);
    }
  });
  expect(reverseName('2001:db8::1')).toBe(`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`);
  expect(reverseName('192.0.2.1')).toBe('1.2.0.192.in-addr.arpa');
});

test('links and chains of any shape', () => {
  property(
    fc.oneof(
      fc.string(),
      fc
        .array(fc.tuple(fc.webUrl(), fc.constantFrom('alternate', '"alternate"', 'index', 'up')))
        .map((links) => links.map(([url, rel]) => `<${url}>;rel=${rel}`).join(', ')),
    ),
    (link) => {
      expect(alternatesOf(link, DIRECTORY).length).toBeLessThanOrEqual(8);
      expect(endsAt(link, 'x')).toBe(false);
    },
  );
  expect(
    alternatesOf('<https://ca/1>;rel="alternate", <https://ca/i>; rel="index", <http://ca/2>;rel=alternate', DIRECTORY),
  ).toEqual(['https://ca/1']);
});
