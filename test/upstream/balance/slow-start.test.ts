// How much a server gets while it comes back slowly, whatever chooses.
import { describe, expect, test } from 'vitest';
import { anyOf, type Balancer } from '../../../src/upstream/balance/candidate.ts';
import { Hashing, hashOf } from '../../../src/upstream/balance/hash.ts';
import { LeastRequests } from '../../../src/upstream/balance/least-requests.ts';
import { RandomTwo } from '../../../src/upstream/balance/random-two.ts';
import { RoundRobin } from '../../../src/upstream/balance/round-robin.ts';
import { busyShares, type Server, servers } from './servers.ts';

const CALLS = 1000;
const RAMP = [0.1, 0.3, 0.5, 0.7, 0.9] as const;

const kinds: [string, () => Balancer<Server>][] = [
  ['round-robin', () => new RoundRobin()],
  ['least-requests', () => new LeastRequests()],
  ['random-two', () => new RandomTwo()],
];

/** Quiet groups, where a call is over before the next one, busy ones, and such as are larger than what is looked at. */
const groups = [
  { weights: [1, 1], atOnce: 1 },
  { weights: [1, 1, 1], atOnce: 1 },
  { weights: [2, 1, 3], atOnce: 1 },
  { weights: Array<number>(20).fill(1), atOnce: 1 },
  { weights: Array<number>(40).fill(1), atOnce: 1 },
  { weights: [1, 1], atOnce: 12 },
  { weights: [1, 1, 1], atOnce: 90 },
  { weights: [1, 4, 1], atOnce: 60 },
  { weights: Array<number>(20).fill(1), atOnce: 200 },
];

describe.for(kinds)('%s', ([, make]) => {
  test.for(groups)('of $weights with $atOnce calls at once', ({ weights, atOnce }) => {
    const all = servers(weights);
    const slow = all[0] as Server;
    const total = weights.reduce((a, b) => a + b);
    const balancer = make();
    balancer.use(all.slice(1));
    const pick = (): Server => (balancer.pick(0, []) ?? anyOf(all, [])) as Server;
    /** What it gets of what is its part when it is wholly back. */
    const part = (): number => {
      const count = (CALLS * total) / slow.weight;
      return (busyShares(pick, all, count, atOnce)[0] as number) / CALLS;
    };
    part();
    slow.share = RAMP[0];
    balancer.use(all);
    for (const share of RAMP) {
      slow.share = share;
      const got = part();
      // So much of its weight beside the whole weights of the others; five standard deviations.
      const expected = share / (1 - (1 - share) * (slow.weight / total));
      expect(got).toBeLessThan(expected + 5 * Math.sqrt(share / CALLS));
      expect(got).toBeGreaterThan(0.6 * expected - 5 * Math.sqrt(share / CALLS));
    }
    slow.share = 1;
    // Nothing is caught up.
    for (let i = 0; i < 3; i++) expect(Math.abs(part() - 1)).toBeLessThan(0.25);
  });
});

describe.for(kinds)('%s', ([, make]) => {
  test.for([1, 60])('one that has not been away is not left with all, with %i calls at once', (atOnce) => {
    const all = servers(Array<number>(10).fill(1));
    const balancer = make();
    balancer.use(all);
    for (const server of all.slice(1)) server.share = 0.5;
    const pick = (): Server => (balancer.pick(0, []) ?? anyOf(all, [])) as Server;
    const [whole, ...slow] = busyShares(pick, all, 22_000, atOnce) as [number, ...number[]];
    // By what counts of the weights 4000 and 2000 each; one that comes back must also be the less busy.
    expect(whole).toBeGreaterThan(3600);
    expect(whole).toBeLessThan(6000);
    for (const got of slow) expect(Math.abs(got - (22_000 - whole) / 9)).toBeLessThan(250);
  });

  test('where all come back slowly, all get their part', () => {
    const all = servers([1, 1, 1]);
    const balancer = make();
    balancer.use(all);
    for (const server of all) server.share = 0.1;
    const pick = (): Server => (balancer.pick(0, []) ?? anyOf(all, [])) as Server;
    for (const got of busyShares(pick, all, 6000, 1)) expect(Math.abs(got - 2000)).toBeLessThan(250);
  });
});

describe('hash with a bound', () => {
  /** Of calls whose keys come evenly, those that are neither at their home nor where they were without a server that comes back. */
  function strayed(weights: readonly number[], share: number): number {
    const all = servers(weights);
    const fresh = all[0] as Server;
    const homes = new Hashing(all, undefined);
    homes.use(all);
    const meanwhile = new Hashing(all, undefined);
    meanwhile.use(all.slice(1));
    const hashing = new Hashing(all, 1.25);
    hashing.use(all);
    const atOnce = 400 * weights.length;
    let [count, astray] = [0, 0];
    const pick = (): Server => {
      const key = hashOf(`user ${count++}`);
      fresh.share = 1;
      const isFresh = homes.pick(key, []) === fresh;
      fresh.share = share;
      const server = hashing.pick(key, []) as Server;
      const isHome = server === meanwhile.pick(key, []) || (isFresh && server === fresh);
      if (!isHome && count > atOnce) astray++;
      return server;
    };
    busyShares(pick, all, 2 * atOnce, atOnce);
    return astray;
  }

  test.for([
    { weights: [1, 1] },
    { weights: [1, 1, 1, 1] },
    { weights: [3, 1, 2] },
    { weights: Array<number>(10).fill(1) },
  ])('a server that is back in $weights has its own keys moved, and no others', ({ weights }) => {
    for (const share of RAMP) expect(strayed(weights, share)).toBe(0);
  });
});
