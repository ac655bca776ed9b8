import { describe, expect, test } from 'vitest';
import type { Balancer } from '../../../src/upstream/balance/candidate.ts';
import { LeastRequests } from '../../../src/upstream/balance/least-requests.ts';
import { RandomTwo } from '../../../src/upstream/balance/random-two.ts';
import { RoundRobin } from '../../../src/upstream/balance/round-robin.ts';
import { type Server, servers, shares } from './servers.ts';

const kinds: [string, () => Balancer<Server>][] = [
  ['round-robin', () => new RoundRobin()],
  ['least-requests', () => new LeastRequests()],
  ['random-two', () => new RandomTwo()],
];

function over(make: () => Balancer<Server>, all: readonly Server[]): Balancer<Server> {
  const balancer = make();
  balancer.use(all);
  return balancer;
}

describe.for(kinds)('%s', ([, make]) => {
  test('gives every server its weight of an even stream', () => {
    const all = servers([5, 3, 1, 1]);
    const got = shares(over(make, all), all, 20_000);
    for (const [i, { weight }] of all.entries()) {
      expect((got[i] as number) / 20_000).toBeGreaterThan((weight / 10) * 0.9);
      expect((got[i] as number) / 20_000).toBeLessThan((weight / 10) * 1.1);
    }
  });

  test('passes over who is full and who has been tried', () => {
    const [a, b, c] = servers([1, 1, 1]) as [Server, Server, Server];
    const balancer = over(make, [a, b, c]);
    a.isFull = true;
    for (let i = 0; i < 50; i++) expect([undefined, c]).toContain(balancer.pick(0, [b]));
    expect(balancer.pick(0, [b, c])).toBeUndefined();
  });

  test('gives a server that comes back slowly its part', () => {
    const all = servers([1, 1]);
    (all[1] as Server).share = 0.2;
    const [whole, slow] = shares(over(make, all), all, 20_000) as [number, number];
    expect(slow / (whole + slow)).toBeGreaterThan(0.05);
    expect(slow / (whole + slow)).toBeLessThan(0.25);
  });

  test('goes on with those that stay when one goes and comes', () => {
    const all = servers([1, 1, 1]);
    const balancer = over(make, all);
    shares(balancer, all, 31);
    balancer.use(all.slice(1));
    expect(shares(balancer, all, 30)[0]).toBe(0);
    balancer.use(all);
    const got = shares(balancer, all, 3000);
    for (const count of got) expect(count).toBeGreaterThan(800);
  });
});

test('round-robin is even over every stretch of calls', () => {
  const all = servers([3, 2, 1]);
  const balancer = over(() => new RoundRobin(), all);
  let order = '';
  for (let i = 0; i < 12; i++) order += all.indexOf(balancer.pick(0, []) as Server);
  expect(order.slice(0, 6).split('').sort().join('')).toBe('000112');
  expect(order.slice(6)).toBe(order.slice(0, 6));
  expect(order).not.toContain('000');
});

test('least-requests finds an idle server among many, in a few picks', () => {
  const all = servers(Array(100).fill(1));
  for (const server of all) server.load = 3;
  const idle = all[77] as Server;
  idle.load = 0;
  const balancer = over(() => new LeastRequests(), all);
  const picked = Array.from({ length: 7 }, () => balancer.pick(0, []));
  expect(picked).toContain(idle);
});

test('random-two prefers the less burdened of two', () => {
  const all = servers([1, 1]);
  (all[0] as Server).load = 5;
  const got = shares(
    over(() => new RandomTwo(), all),
    all,
    10_000,
  );
  // Only when the same one is drawn twice, a quarter of the time, does the busy one get the call.
  expect(got[0]).toBeGreaterThan(2000);
  expect(got[0]).toBeLessThan(3000);
});
