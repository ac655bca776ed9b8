// Another configuration for all workers or for none, and nobody who is connected notices.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { writeSmallConfig } from '../support/small-config.ts';
import { get, pidsOf, startWorkers, type Workers } from '../support/workers.ts';

interface Outcome {
  readonly ok: boolean;
  readonly problems: readonly { readonly message: string; readonly file: string }[];
  readonly error: string | null;
}

async function reload(world: Workers): Promise<Outcome> {
  return JSON.parse((await world.ask('POST', '/reload')).text) as Outcome;
}

/** Of every worker: whether it limits the path. */
async function limits(world: Workers): Promise<number[]> {
  const statuses: number[] = [];
  for (const pid of await pidsOf(world)) statuses.push(await world.onlyBy(pid, () => get(world, '/refused')));
  return statuses;
}

const REFUSING = ', routes: [{ match: { path: /refused }, access: { deny: ["0.0.0.0/0"] } }]';

test('is in force in every worker, and in one that comes later', async () => {
  const world = await startWorkers();
  expect(await limits(world)).toEqual([200, 200]);
  world.write(REFUSING);
  expect(await reload(world)).toMatchObject({ ok: true });
  expect(await limits(world)).toEqual([403, 403]);
  const [one = 0] = await pidsOf(world);
  process.kill(one, 'SIGKILL');
  await world.until((all) => all.every(({ state, pid }) => state === 'ready' && pid !== one));
  expect(await limits(world)).toEqual([403, 403]);
});

test('with a fault only the workers see: every fault is told once, and all go on as before', async () => {
  const world = await startWorkers();
  writeFileSync(path.join(world.folder, 'bad.conf'), 'SecRule ARGS "@rx (" "id:1,phase:2,deny"\nSecNonsense On\n');
  world.write(`${REFUSING}, limits: []`.replace('limits: []', 'headers: {}'));
  world.write(REFUSING.replace(' }]', ', waf: { mode: block, rules: [bad.conf] } }]'));
  const { ok, problems } = await reload(world);
  expect(ok).toBe(false);
  expect(problems.length).toBeGreaterThan(1);
  expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(problems.length);
  expect(problems.map(({ file }) => path.basename(file))).toContain('bad.conf');
  expect(await limits(world)).toEqual([200, 200]);
  // The next good one is taken up.
  world.write(REFUSING);
  expect(await reload(world)).toMatchObject({ ok: true });
  expect(await limits(world)).toEqual([403, 403]);
});

test('a worker that dies meanwhile: nothing has changed, in none of them', async () => {
  const world = await startWorkers();
  const [, two = 0] = await pidsOf(world);
  world.write(REFUSING);
  process.kill(two, 'SIGSTOP');
  const outcome = reload(world);
  process.kill(two, 'SIGKILL');
  expect(await outcome).toMatchObject({
    ok: false,
    error: 'a process of the gateway has ended before it answered; try again',
  });
  await world.until((all) => all.every(({ state, pid }) => state === 'ready' && pid !== two));
  expect(await limits(world)).toEqual([200, 200]);
});

test('addresses are opened and closed in all workers', async () => {
  const { url } = await startBackend();
  const world = await startWorkers({ to: url });
  const { listen } = await world.status();
  const listening = (https: string): string =>
    writeSmallConfig(world.folder, { listen: `{ https: ${https}, http: false }`, workers: '2', to: url });
  listening('["127.0.0.1:0", "127.0.0.1:0"]');
  expect(await reload(world)).toMatchObject({ ok: true });
  const after = (await world.status()).listen.https;
  expect(after).toHaveLength(2);
  expect(after[0]).toBe(listen.https[0]);
  const added = Number(after[1]?.split(':').at(-1));
  for (const pid of await pidsOf(world)) expect(await world.onlyBy(pid, () => get({ port: added }))).toBe(200);
  listening('"127.0.0.1:0"');
  expect(await reload(world)).toMatchObject({ ok: true });
  await expect(get({ port: added })).rejects.toThrow('ECONNREFUSED');
  expect(await get(world)).toBe(200);
});
