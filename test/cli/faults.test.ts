// What is wrong with the machine, and not with the gateway: it serves what it can, and says so in `status`, at /readyz and in
// the figures.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { get, startWorkers, type Workers } from '../support/workers.ts';

interface Said {
  readonly status: readonly string[];
  readonly ready: string;
  readonly figures: string;
}

async function said(world: Workers): Promise<Said> {
  const ask = async (target: string): Promise<string> => (await world.ask('GET', target)).text;
  return { status: (await world.status()).remarks, ready: await ask('/readyz'), figures: await ask('/metrics') };
}

/** As soon as it says that in all three places. */
function told(world: Workers, kind: string, words: RegExp): Promise<void> {
  return vi.waitFor(
    async () => {
      const { status, ready, figures } = await said(world);
      expect(status.join('\n')).toMatch(words);
      expect(ready).toMatch(words);
      expect(ready).toMatch(/^ready\n/);
      expect(figures).toContain(`gatehouse_remarks{kind="${kind}"} 1`);
    },
    { timeout: 10_000, interval: 50 },
  );
}

const ONE_PROCESS = { workers: 0 };

test.for([0, 2])('a disk that is full costs records and no request, with workers: %i', async (workers) => {
  const world = await startWorkers({ workers, beside: 'logs: { access: /dev/full, waf: false }' });
  expect((await said(world)).ready).toBe('ready\n');
  for (let i = 0; i < 4; i++) expect(await get(world)).toBe(200);
  await told(world, 'records', /records for \/dev\/full are lost: it cannot be written \(ENOSPC\)/);
  expect(await get(world)).toBe(200);
});

test('bans that cannot be written hold, and it is said', async () => {
  const world = await startWorkers(ONE_PROCESS);
  const place = path.join(world.folder, 'certs', 'bans');
  rmSync(place, { recursive: true, force: true });
  writeFileSync(place, 'in the way');
  await world.ask('POST', '/bans/add', { address: '127.0.0.1', for: '1h', reason: 'a test' });
  await told(world, 'bans', /bans cannot be written to `certificates.storage`; a restart would forget some/);
  expect(await get(world)).toBe(403);
});

test('a storage that cannot be written at the start: sites are served, with certificates that nobody trusts', async () => {
  const world = await startWorkers({ ...ONE_PROCESS, certificates: '{ issuer: internal, storage: /dev/null/certs }' });
  expect(await get(world)).toBe(200);
  await told(world, 'certificate', /a certificate that nobody trusts stands in for localhost/);
});

test('a configuration that cannot be read is refused, and what ran before goes on', async () => {
  const world = await startWorkers(ONE_PROCESS);
  rmSync(world.file);
  mkdirSync(world.file);
  expect(JSON.parse((await world.ask('POST', '/reload')).text)).toMatchObject({
    ok: false,
    problems: [{ code: 'unreadable-file' }],
  });
  await told(world, 'reload', /the configuration was not reloaded at 20/);
  rmSync(world.file, { recursive: true });
  world.write();
  expect(JSON.parse((await world.ask('POST', '/reload')).text)).toMatchObject({ ok: true });
  expect((await said(world)).status).toEqual([]);
  expect(await get(world)).toBe(200);
});

test('out of file descriptors: who is in is served, and others again when there are some', async () => {
  const world = await startWorkers(ONE_PROCESS);
  const { pid } = world.running.child;
  const comeIn = async (count: number): Promise<net.Socket[]> => {
    const all = Array.from({ length: count }, () => net.connect(world.port, '127.0.0.1').on('error', () => {}));
    await Promise.all(all.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
    return all;
  };
  const openNow = (): number => readdirSync(`/proc/${pid}/fd`).length;
  const before = openNow();
  const crowd = await comeIn(80);
  await vi.waitFor(() => expect(openNow()).toBeGreaterThanOrEqual(before + 80), { timeout: 10_000, interval: 20 });
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${openNow() + 6}`]);
  await told(world, 'descriptors', /nearly all of \d+ file descriptors are in use/);
  crowd.push(...(await comeIn(20)));
  for (const socket of crowd) socket.destroy();
  await vi.waitFor(async () => expect(await get(world)).toBe(200), { timeout: 10_000, interval: 50 });
  await vi.waitFor(async () => expect((await said(world)).ready).toBe('ready\n'), { timeout: 10_000, interval: 50 });
});

test('a crowd of clients leaves descriptors for those who are in', async () => {
  const world = await startWorkers(ONE_PROCESS);
  execFileSync('prlimit', ['--pid', String(world.running.child.pid), '--nofile=160']);
  await world.ask('POST', '/reload');
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (): Promise<number> => get(world, '/', { agent } as object);
  expect(await ask()).toBe(200);
  const crowd = Array.from({ length: 200 }, () => net.connect(world.port, '127.0.0.1').on('error', () => {}));
  await told(world, 'descriptors', /80 clients are in, and no more are let in, because of 160 file descriptors/);
  expect(await Promise.all(Array.from({ length: 5 }, ask))).toEqual([200, 200, 200, 200, 200]);
  agent.destroy();
  for (const socket of crowd) socket.destroy();
  await vi.waitFor(async () => expect((await said(world)).ready).toBe('ready\n'), { timeout: 10_000, interval: 50 });
});

test('a group without a server that is well is named', async () => {
  const world = await startWorkers({
    ...ONE_PROCESS,
    beside:
      'upstreams: { app: { servers: ["http://127.0.0.1:1"], health: { path: /, interval: 100ms, unhealthyAfter: 1 } } }',
    to: 'app',
  });
  await told(world, 'upstream', /no server of app is well/);
});
