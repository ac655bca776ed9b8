import { describe, expect, test } from 'vitest';
import type { ServerChange } from '../../src/upstream/roster.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { startBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, groupOf, send } from './group.ts';

interface Scene {
  readonly upstream: Upstream;
  readonly clock: ManualClock;
  /** `0 ejected` for the first server. */
  readonly changes: string[];
  /** What each server answers from now on. */
  readonly status: number[];
  states(): string;
}

/** Servers in turn, whose answers the test decides; nothing is sent again. */
async function scene(count: number, settings: string, balance = 'round-robin'): Promise<Scene> {
  const clock = new ManualClock();
  const status: number[] = Array(count).fill(200);
  const servers = await Promise.all(
    status.map((_, i) =>
      startBackend((_request, response) => void response.writeHead(status[i] as number).end(`${i}`)),
    ),
  );
  const list = servers.map(({ url }) => `"${url}"`).join(', ');
  const upstream = groupOf(`{ balance: ${balance}, retries: false, servers: [${list}], ${settings} }`, { clock });
  const changes: string[] = [];
  upstream.start(({ backend, to }: ServerChange) => changes.push(`${upstream.backends.indexOf(backend)} ${to}`));
  const states = (): string => upstream.backends.map(({ condition }) => condition.state).join(' ');
  return { upstream, clock, changes, status, states };
}

async function askTimes({ upstream }: Scene, times: number): Promise<string> {
  let answers = '';
  for (let i = 0; i < times; i++) answers += await ask(upstream);
  return answers;
}

describe('a server whose requests fail', () => {
  test('is left out after so many in a row, and comes back on trial', async () => {
    const here = await scene(3, 'ejection: { failures: 2, for: 10s }, slowStart: 0');
    here.status[1] = 503;
    expect(await askTimes(here, 6)).toBe('012012');
    expect(here.states()).toBe('up ejected up');
    expect(here.upstream.backends[1]?.condition.reason).toBe('2 failures in a row, the last: answered 503');
    expect(await askTimes(here, 4)).not.toContain('1');
    here.clock.advance(9_999);
    expect(here.states()).toBe('up ejected up');
    here.clock.advance(1);
    expect(here.states()).toBe('up up up');
    expect(await askTimes(here, 3)).toContain('1');
    // The first failure on trial is enough.
    expect(here.states()).toBe('up ejected up');
    expect(here.changes).toEqual(['1 ejected', '1 up', '1 ejected']);
  });

  test('is out twice as long each time, up to a bound, and as before once it was well for long', async () => {
    const here = await scene(2, 'ejection: { failures: 1, for: 10s, longest: 30s }, slowStart: 0');
    here.status[0] = 502;
    for (const seconds of [10, 20, 30, 30]) {
      await askTimes(here, 4);
      expect(here.states()).toBe('ejected up');
      here.clock.advance(seconds * 1000 - 1);
      expect(here.states()).toBe('ejected up');
      here.clock.advance(1);
      expect(here.states()).toBe('up up');
    }
    here.status[0] = 200;
    await askTimes(here, 4);
    here.clock.advance(31_000);
    here.status[0] = 502;
    await askTimes(here, 4);
    here.clock.advance(10_000);
    expect(here.states()).toBe('up up');
  });

  test('a success between failures counts', async () => {
    const here = await scene(2, 'ejection: { failures: 2 }');
    for (let i = 0; i < 6; i++) {
      here.status[0] = i % 2 === 0 ? 503 : 200;
      await askTimes(here, 2);
    }
    expect(here.states()).toBe('up up');
  });

  test.for(['round-robin', 'least-requests', 'random-two'])('comes back slowly, with %s', async (balance) => {
    const here = await scene(2, 'ejection: { failures: 1, for: 1s }, slowStart: 10s', balance);
    here.status[0] = 503;
    while (here.states() === 'up up') await askTimes(here, 1);
    here.status[0] = 200;
    here.clock.advance(1000);
    const { condition } = here.upstream.backends[0] as Upstream['backends'][number];
    const part = async (): Promise<number> => ((await askTimes(here, 300)).split('0').length - 1) / 300;
    expect(condition.share).toBe(0.1);
    expect(await part()).toBeLessThan(0.2);
    here.clock.advance(5000);
    expect(condition.share).toBe(0.5);
    const some = await part();
    expect(some).toBeGreaterThan(0.18);
    expect(some).toBeLessThan(0.48);
    here.clock.advance(5000);
    expect(condition.share).toBe(1);
    expect(Math.abs((await part()) - 0.5)).toBeLessThan(0.15);
  });
});

describe('of the servers', () => {
  test('no more than their share are out', async () => {
    const here = await scene(4, 'ejection: { failures: 1, share: 50% }');
    here.status.fill(503);
    await askTimes(here, 20);
    expect(here.states().match(/ejected/g)).toHaveLength(2);
  });

  test('one may be out, however small the share; a lone one never', async () => {
    const two = await scene(2, 'ejection: { failures: 1, share: 10% }');
    two.status.fill(503);
    await askTimes(two, 6);
    expect(two.states().match(/ejected/g)).toHaveLength(1);
    const one = await scene(1, 'ejection: { failures: 1, share: 100% }');
    one.status.fill(503);
    await askTimes(one, 6);
    expect(one.states()).toBe('up');
  });

  test('all are used when all are out', async () => {
    const here = await scene(2, 'ejection: { failures: 1, share: 100% }');
    here.status.fill(503);
    await askTimes(here, 4);
    expect(here.states()).toBe('ejected ejected');
    here.status.fill(200);
    expect(new Set(await askTimes(here, 6))).toEqual(new Set(['0', '1']));
  });
});

test('a server that cannot be reached is left out too, and costs no request', async () => {
  const good = await startBackend();
  const clock = new ManualClock();
  const upstream = groupOf(
    `{ balance: round-robin, servers: ["http://127.0.0.1:1", "${good.url}"], ejection: { failures: 3 } }`,
    { clock },
  );
  let attempts = 0;
  for (let i = 0; i < 20; i++) attempts += (await send(upstream)).servers.length;
  expect(attempts).toBe(23);
  expect(upstream.backends[0]?.condition.reason).toMatch(/^3 failures in a row, the last: cannot connect to /);
});
