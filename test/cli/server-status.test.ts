import { expect, test } from 'vitest';
import { serverLine, serverStatus } from '../../src/cli/server-status.ts';
import { startBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, groupOf } from '../upstream/group.ts';

test('status tells of each server how it is, why, since when, and how much it has to do', async () => {
  const sick = await startBackend((_, response) => void response.writeHead(500).end());
  const well = await startBackend();
  const servers = `servers: ["${sick.url}", { url: "${well.url}", weight: 3 }]`;
  const upstream = groupOf(`{ ${servers}, health: { path: /up } }`, { clock: new ManualClock() });
  const before = new Date().toISOString();
  upstream.start();
  await expect.poll(() => upstream.backends[0]?.condition.state).toBe('down');
  expect(await ask(upstream)).toBe('hello');
  const [down, up] = upstream.servers.map(serverStatus);
  expect(down).toMatchObject({ url: `${sick.url}/`, state: 'down', reason: 'health check: answered 500', load: 0 });
  expect(down?.since.localeCompare(before)).toBeGreaterThanOrEqual(0);
  expect(up).toMatchObject({ weight: 3, state: 'up', reason: null, share: 1, load: 0, queue: 0, connections: 1 });
  const shown = [down, up].map((status) => (status === undefined ? '' : serverLine(status)));
  expect(shown).toEqual([
    `${sick.url}/ down since ${down?.since}, health check: answered 500; 0 requests under way`,
    `${well.url}/ up; 0 requests under way`,
  ]);
});
