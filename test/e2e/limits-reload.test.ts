// A reload forgives nobody: what limits and bans know outlives the configuration that they learned it under.
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { request } from '../support/client.ts';
import { startGateway, type World } from '../support/world.ts';

const statusOf = async (world: World, path = '/'): Promise<number> => (await request('h2', world, { path })).status;

test('who has used up a limit has used it up, and another limit begins anew', async () => {
  const { url } = await startBackend();
  const site = (limits: string, more = ''): string =>
    `sites: { localhost: { to: "${url}", limits: ${limits}${more} } }`;
  const world = await startGateway(site('[{ name: few, rate: 2/h }]'));
  expect([await statusOf(world), await statusOf(world), await statusOf(world)]).toEqual([200, 200, 429]);
  await world.gateway.reload(world.config(site('[{ name: few, rate: 2/h, tell: never }]', ', hsts: { maxAge: 1d }')));
  expect(await statusOf(world)).toBe(429);
  await world.gateway.reload(world.config(site('[{ name: few, rate: 3/h }]')));
  expect([await statusOf(world), await statusOf(world)]).toEqual([200, 200]);
  await world.gateway.reload(world.config(site('off')));
  expect(await statusOf(world)).toBe(200);
});

test('bans go on, and who is exempt from now on is let in', async () => {
  const { url } = await startBackend();
  const file = (bans: string): string => `bans: ${bans}\nsites: { localhost: { to: "${url}" } }`;
  const world = await startGateway(file('{ growth: 2 }'));
  const { bans } = world.gateway.runtime.limits;
  bans.add({ target: '127.0.0.1', site: 'localhost', cause: 'hand', reason: 'x', forMs: 60_000 });
  await world.gateway.reload(world.config(file('{ growth: 3 }')));
  expect(await statusOf(world)).toBe(403);
  await world.gateway.reload(world.config(file('{ exempt: [127.0.0.0/8] }')));
  expect(await statusOf(world)).toBe(200);
});

test('what only a start can change is refused as a whole', async () => {
  const { url } = await startBackend();
  const file = (top: string): string => `${top}\nsites: { localhost: { to: "${url}", limits: [{ rate: 1/h }] } }`;
  const world = await startGateway(file(''));
  for (const late of [
    'requestLimits: { counters: 5000 }',
    'shared: redis://127.0.0.1:1',
    'shared: redis://127.0.0.1:1\ncertificates: { storage: shared }',
  ]) {
    const next = world.config(file(late));
    await expect(world.gateway.reload(next)).rejects.toThrow(/taken up by a start only; nothing was reloaded/);
  }
});
