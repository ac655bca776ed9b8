// When things are done: renewal, waits after failures, rests, limits, and which names at all.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, hasteMs } from '../../src/acme/backoff.ts';
import { isPublicName, limitsOf, stagingOf } from '../../src/acme/known.ts';
import { Ledger } from '../../src/acme/ledger.ts';
import type { FailureKind } from '../../src/acme/problem.ts';
import { chooseMoment, renewalTime } from '../../src/acme/renewal.ts';
import { Rest } from '../../src/acme/rest.ts';
import { FolderStorage } from '../../src/acme/storage/folder.ts';
import { managedNames } from '../../src/acme/wanted.ts';
import { issuerOf, newFolder } from '../support/acme/keeping.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

test('failed validations wait as Let’s Encrypt asks, and the unreachable is tried soon', () => {
  const waits = (kind: FailureKind): number[] =>
    [1, 2, 3, 4, 9].map((count) => backoffMs({ kind, count, retryAfterMs: undefined, lifeLeftMs: undefined }, 0));
  expect(waits('validation')).toEqual([MINUTE_MS, 10 * MINUTE_MS, 100 * MINUTE_MS, DAY_MS, DAY_MS]);
  expect(waits('refused')).toEqual(waits('validation'));
  expect(waits('unreachable')).toEqual([1000, 2000, 4000, 8000, 256_000]);
  expect(waits('storage')).toEqual([1000, 2000, 4000, 8000, MINUTE_MS]);
});

test('no wait is shorter than a second or longer than a day and a tenth, and Retry-After counts', () => {
  const kind = fc.constantFrom<FailureKind>('validation', 'limit', 'unreachable', 'refused', 'storage');
  const left = fc.option(fc.integer({ min: -DAY_MS, max: 90 * DAY_MS }), { nil: undefined });
  const asked = fc.option(fc.integer({ min: 0, max: 10 * DAY_MS }), { nil: undefined });
  const random = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(
      kind,
      fc.integer({ min: 1, max: 1e6 }),
      asked,
      left,
      random,
      (kind, count, retryAfterMs, lifeLeftMs, r) => {
        const waitMs = backoffMs({ kind, count, retryAfterMs, lifeLeftMs }, r);
        expect(waitMs).toBeGreaterThanOrEqual(Math.max(1000, Math.min(retryAfterMs ?? 0, DAY_MS)));
        expect(waitMs).toBeLessThanOrEqual(1.1 * DAY_MS);
      },
    ),
  );
  expect(hasteMs(0, DAY_MS)).toBe(0);
  expect(hasteMs(1, 90 * DAY_MS)).toBe(MINUTE_MS);
  expect(hasteMs(9, 60_000)).toBe(20_000);
});

test('renewal is in the advised window, and never in the last twentieth of a life', () => {
  const random = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 60, max: 400 * 86_400 }),
      fc.integer(),
      fc.nat(),
      random,
      (life, start, length, r) => {
        const certificate = { notBefore: new Date(0), notAfter: new Date(life * 1000) };
        const window = { startMs: start, endMs: start + length, explanationUrl: undefined };
        const advice = chooseMoment(window, undefined, r);
        expect(advice.chosenMs).toBeGreaterThanOrEqual(window.startMs);
        expect(advice.chosenMs).toBeLessThanOrEqual(window.endMs);
        expect(chooseMoment(window, advice, 0.5).chosenMs).toBe(advice.chosenMs);
        expect(renewalTime(certificate, advice)).toBeLessThanOrEqual(life * 950);
      },
    ),
  );
});

test('when many names fail together the others wait, and never for long', () => {
  const rest = new Rest();
  rest.failed('a', 0);
  rest.failed('a', 0);
  rest.failed('b', 0);
  expect(rest.leftMs(0)).toBe(0);
  for (const name of ['c', 'd', 'e']) rest.failed(name, 0);
  expect(rest.leftMs(0)).toBe(1000);
  let at = 1000;
  for (let wave = 0; wave < 20; wave++) {
    rest.failed('a', at);
    at += rest.leftMs(at);
  }
  rest.failed('a', at);
  expect(rest.leftMs(at)).toBe(60_000);
  rest.answered();
  expect(rest.leftMs(at)).toBe(0);
});

async function ledger(): Promise<Ledger> {
  return new Ledger(new FolderStorage(await newFolder()), 'le', limitsOf(LETS_ENCRYPT));
}

test('of many orders at once no more pass than the authority allows', async () => {
  const one = await ledger();
  const names = Array.from({ length: 60 }, (_, i) => `h${i}.example.co.uk`);
  const holds = await Promise.all(names.map((name) => one.admit(name, 1_000_000)));
  expect(holds.filter((hold) => hold === undefined)).toHaveLength(50);
  expect(holds.find((hold) => hold !== undefined)?.why).toBe(
    '50 certificates below example.co.uk in 7 days, the most is 50',
  );
  expect(await one.admit('other.com', 1_000_000)).toBeUndefined();
});

test('the fifth failure in an hour and the fifth certificate in a week are the last', async () => {
  const one = await ledger();
  for (let i = 0; i < 5; i++) await one.note('failure', 'a.com', i * MINUTE_MS);
  expect(await one.admit('a.com', 6 * MINUTE_MS)).toMatchObject({ untilMs: HOUR_MS });
  expect(await one.admit('a.com', HOUR_MS)).toBeUndefined();
  for (let i = 0; i < 5; i++) await one.note('certificate', 'b.com', i * HOUR_MS);
  expect(await one.admit('b.com', 6 * HOUR_MS)).toMatchObject({ untilMs: 7 * DAY_MS });
  expect((await one.usage('b.com', 6 * HOUR_MS)).map(({ untilMs }) => untilMs)).toEqual([
    undefined,
    undefined,
    7 * DAY_MS,
    undefined,
  ]);
  // Written under a clock that was ahead.
  expect(await one.admit('b.com', -HOUR_MS)).toBeUndefined();
});

test('an order that has come to nothing is no certificate for ever', async () => {
  const one = await ledger();
  for (let i = 0; i < 10; i++) expect(await one.admit('a.com', i * 11 * MINUTE_MS)).toBeUndefined();
});

test('an authority without published limits has no ledger', async () => {
  const one = new Ledger(new FolderStorage('/nowhere'), 'x', limitsOf('https://ca.internal/directory'));
  expect(await one.admit('a.com', 0)).toBeUndefined();
  expect(await one.usage('a.com', 0)).toEqual([]);
  expect(stagingOf(LETS_ENCRYPT)).toContain('staging');
});

test.for(['localhost', 'printer', 'a.local', '10.0.0.1', '::1', 'fd00::1', 'a.test', '100.64.1.1', '169.254.169.254'])(
  '%s is nobody’s business but ours',
  (name) => expect(isPublicName(name)).toBe(false),
);

test('which names are ordered', () => {
  const acme = {
    issuers: [issuerOf({ directory: LETS_ENCRYPT, trustedRoot: undefined })],
    challenges: ['http-01'],
  } as never;
  const names = ['A.Example.com', 'a.example.com', '*.example.net', 'localhost', '8.8.8.8', 'no name'];
  const managed = managedNames(names, { acme });
  expect(managed.names).toEqual(['a.example.com', '8.8.8.8']);
  expect(managed.warnings.join()).toContain('a wildcard needs the dns-01 challenge');
  const wide = { ...(acme as object), challenges: ['dns-01'] } as never;
  expect(managedNames(['*.example.com', 'a.example.com', 'b.a.example.com'], { acme: wide })).toMatchObject({
    names: ['*.example.com', 'b.a.example.com'],
    covered: ['a.example.com'],
  });
});
