// A bound of what a backend has to bear holds for all workers together.
import { expect, test } from 'vitest';
import { startStreamingBackend } from '../support/backend.ts';
import { get, pidsOf, startWorkers } from '../support/workers.ts';

const REQUESTS = 6;

test('maxConnections is what all workers together open', async () => {
  let underWay = 0;
  let most = 0;
  const backend = await startStreamingBackend((_, response) => {
    most = Math.max(most, ++underWay);
    // Those that came with it are there by the next turn.
    setImmediate(() => {
      underWay--;
      response.end('here');
    });
  });
  const world = await startWorkers({
    beside: `upstreams: { app: { servers: ["${backend.url}"], maxConnections: 2 } }`,
    to: 'app',
  });
  for (const pid of await pidsOf(world)) {
    const statuses = await world.onlyBy(pid, () => Promise.all(Array.from({ length: REQUESTS }, () => get(world))));
    expect(new Set(statuses)).toEqual(new Set([200]));
  }
  // Each alone has one of the two.
  expect(most).toBe(1);
});
