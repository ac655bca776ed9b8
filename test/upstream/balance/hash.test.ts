import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Hashing, hashOf } from '../../../src/upstream/balance/hash.ts';
import { type Server, servers } from './servers.ts';

const keys = Array.from({ length: 20_000 }, (_, i) => hashOf(`192.0.2.${i % 256}/${i}`));

function over(all: readonly Server[], factor?: number): Hashing<Server> {
  const hashing = new Hashing(all, factor);
  hashing.use(all);
  return hashing;
}

const placesOf = (hashing: Hashing<Server>): (string | undefined)[] => keys.map((key) => hashing.pick(key, [])?.id);

const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 12 });

describe('a key stays where it is', () => {
  test('when a server goes: only its keys move, whatever the weights', () => {
    fc.assert(
      fc.property(weights, fc.nat(), (given, which) => {
        const all = servers(given);
        const gone = all[which % all.length] as Server;
        const before = placesOf(over(all));
        const after = placesOf(over(all.filter((server) => server !== gone)));
        expect(after).not.toContain(gone.id);
        expect(before.filter((place, i) => place !== gone.id && after[i] !== place)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('when one is out for a while, and it gets back exactly what it had', () => {
    const all = servers([1, 2, 1, 4]);
    const hashing = over(all);
    const before = placesOf(hashing);
    const out = all[3] as Server;
    hashing.use(all.filter((server) => server !== out));
    const meanwhile = placesOf(hashing);
    hashing.use(all);
    expect(placesOf(hashing)).toEqual(before);
    expect(before.filter((place, i) => place !== out.id && meanwhile[i] !== place)).toEqual([]);
    // What it had goes to the others by their weights, not to one neighbour.
    const moved = meanwhile.filter((_, i) => before[i] === out.id);
    for (const { id, weight } of all.slice(0, 3)) {
      const share = moved.filter((place) => place === id).length / moved.length;
      expect(Math.abs(share - weight / 4)).toBeLessThan(0.05);
    }
  });

  test('in whatever order the servers are written', () => {
    const all = servers([1, 2, 3]);
    expect(placesOf(over([...all].reverse()))).toEqual(placesOf(over(all)));
  });
});

test('every server has its weight of the keys', () => {
  fc.assert(
    fc.property(weights, (given) => {
      const all = servers(given);
      const places = placesOf(over(all));
      const total = given.reduce((a, b) => a + b);
      for (const { id, weight } of all) {
        const expected = (weight / total) * keys.length;
        const got = places.filter((place) => place === id).length;
        // Five standard deviations of keys that fall at random, and the grain of the slots.
        expect(Math.abs(got - expected)).toBeLessThan(5 * Math.sqrt(expected) + 0.05 * expected + 5);
      }
    }),
    { numRuns: 30 },
  );
});

describe('loads are bounded', () => {
  test('whatever the keys, no server has more than its part of the average', () => {
    const skewed = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 2 ** 32 - 1 })), {
      minLength: 200,
      maxLength: 2000,
    });
    fc.assert(
      fc.property(weights, skewed, (given, calls) => {
        const all = servers(given);
        const hashing = over(all, 1.25);
        const total = given.reduce((a, b) => a + b);
        for (const [i, key] of calls.entries()) {
          const picked = hashing.pick(key >>> 0, []) as Server;
          picked.load++;
          const bound = Math.ceil((1.25 * (i + 1) * picked.weight) / total);
          expect(picked.load).toBeLessThanOrEqual(Math.max(bound, 8 * picked.weight));
        }
      }),
      { numRuns: 50 },
    );
  });

  test('the few calls of one client stay together', () => {
    const all = servers([1, 1, 1]);
    const hashing = over(all, 1.25);
    const picked = new Set<Server | undefined>();
    for (let i = 0; i < 8; i++) {
      const server = hashing.pick(hashOf('192.0.2.1'), []) as Server;
      server.load++;
      picked.add(server);
    }
    expect(picked.size).toBe(1);
  });

  test('what is passed on always goes to the same other server, as long as that has room', () => {
    const all = servers([1, 1, 1, 1]);
    const hashing = over(all, 1.25);
    const key = hashOf('192.0.2.1');
    (hashing.pick(key, []) as Server).load = 100;
    const second = hashing.pick(key, []);
    for (let i = 0; i < 10; i++) expect(hashing.pick(key, [])).toBe(second);
  });

  test('without a factor a key never moves', () => {
    const all = servers([1, 1]);
    const hashing = over(all, undefined);
    const key = hashOf('192.0.2.1');
    const first = hashing.pick(key, []) as Server;
    first.load = 10_000;
    expect(hashing.pick(key, [])).toBe(first);
  });
});

test('a server that comes back slowly gets a growing set of its own keys', () => {
  const all = servers([1, 1, 1]);
  const hashing = over(all);
  const slow = all[0] as Server;
  const whole = placesOf(hashing);
  let before = new Set<number>();
  for (const share of [0.1, 0.5, 0.9, 1]) {
    slow.share = share;
    const now = new Set(placesOf(hashing).flatMap((place, i) => (place === slow.id ? [i] : [])));
    expect([...before].filter((i) => !now.has(i))).toEqual([]);
    expect([...now].filter((i) => whole[i] !== slow.id)).toEqual([]);
    // By as much of its weight as counts, among two others.
    expect(Math.abs(now.size / keys.length - share / (share + 2))).toBeLessThan(0.02);
    before = now;
  }
});

test('where all come back slowly, keys are where they belong', () => {
  const all = servers([1, 2, 1]);
  const hashing = over(all, 1.25);
  const whole = placesOf(hashing);
  for (const server of all) server.share = 0.1;
  expect(placesOf(hashing)).toEqual(whole);
});
