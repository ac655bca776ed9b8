// What checks have found, and how far they have counted, when another configuration comes.
import { expect, test } from 'vitest';
import type { Upstream } from '../../src/upstream/upstream.ts';
import type { Backend } from '../support/backend.ts';
import { startBackend, startStreamingBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { groupConfig, groupOf } from './group.ts';

interface Checked {
  readonly backend: Backend;
  isWell: boolean;
}

async function startChecked(): Promise<Checked> {
  const checked = { isWell: true };
  const backend = await startBackend((_, response) => void response.writeHead(checked.isWell ? 200 : 500).end());
  return Object.assign(checked, { backend });
}

const yamlOf = (servers: readonly Pick<Backend, 'url'>[], more = ''): string =>
  `{ servers: [${servers.map(({ url }) => `"${url}"`).join(', ')}], slowStart: 0,
     health: { path: /up, unhealthyAfter: 3, healthyAfter: 2${more} } }`;

const states = ({ backends }: Upstream): string => backends.map(({ condition }) => condition.state).join(' ');

/** Every server has been asked, and its next check is set. */
const settled = (clock: ManualClock, servers: number): Promise<void> => expect.poll(() => clock.pending).toBe(servers);

async function round(clock: ManualClock, servers: number): Promise<void> {
  clock.advance(6000);
  await settled(clock, servers);
}

test('failures are counted on while the settings of checks stay', async () => {
  const clock = new ManualClock();
  const [a, other] = [await startChecked(), await startBackend()];
  const before = groupOf(yamlOf([a.backend]), { clock });
  before.start();
  await settled(clock, 1);
  a.isWell = false;
  await round(clock, 1);
  const after = before.succeed(groupConfig(yamlOf([a.backend, other])));
  await settled(clock, 2);
  expect(states(after)).toBe('up up');
  await round(clock, 2);
  expect(states(after)).toBe('up up');
  await round(clock, 2);
  expect(states(after)).toBe('down up');
  after.close();
  expect(clock.pending).toBe(0);
});

test('a server that is down needs as many good checks as ever', async () => {
  const clock = new ManualClock();
  const [a, other] = [await startChecked(), await startBackend()];
  a.isWell = false;
  const before = groupOf(yamlOf([a.backend]), { clock });
  before.start();
  await settled(clock, 1);
  expect(states(before)).toBe('down');
  a.isWell = true;
  const after = before.succeed(groupConfig(yamlOf([a.backend, other])));
  await settled(clock, 2);
  expect(states(after)).toBe('down up');
  await round(clock, 2);
  expect(states(after)).toBe('down up');
  await round(clock, 2);
  expect(states(after)).toBe('up up');
  after.close();
});

test('other settings of checks count anew, and what was found stays until then', async () => {
  const clock = new ManualClock();
  const [a, b] = [await startChecked(), await startChecked()];
  b.isWell = false;
  const before = groupOf(yamlOf([a.backend, b.backend]), { clock });
  before.start();
  await settled(clock, 2);
  a.isWell = false;
  await round(clock, 2);
  await round(clock, 2);
  expect(states(before)).toBe('up down');
  b.isWell = true;
  const after = before.succeed(groupConfig(yamlOf([a.backend, b.backend], ', timeout: 4s')));
  await settled(clock, 2);
  expect(states(after)).toBe('up down');
  await round(clock, 2);
  expect(states(after)).toBe('up up');
  await round(clock, 2);
  expect(states(after)).toBe('down up');
  after.close();
});

test.for(['', ', timeout: 4s'])('the first answer decides also when it comes after a reload%s', async (more) => {
  const clock = new ManualClock();
  const held: (() => void)[] = [];
  const sick = await startStreamingBackend((_, response) => {
    held.push(() => response.writeHead(500).end());
  });
  const before = groupOf(yamlOf([sick]), { clock });
  before.start();
  await expect.poll(() => held.length).toBe(1);
  const after = before.succeed(groupConfig(yamlOf([sick, await startBackend()], more)));
  await expect.poll(() => held.length).toBe(more === '' ? 1 : 2);
  held.at(-1)?.();
  await settled(clock, 2);
  expect(states(after)).toBe('down up');
  after.close();
});
