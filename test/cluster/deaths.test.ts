// Whatever happens to one worker, the others' clients do not notice, and another one takes its place.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import WebSocket from 'ws';
import { startStreamingBackend } from '../support/backend.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { writeSmallConfig } from '../support/small-config.ts';
import { get, pidsOf, startWorkers, type Workers } from '../support/workers.ts';

/** A request that the backend has and does not answer yet. */
async function held(): Promise<{ url: string; answer(): void; arrived(): Promise<void> }> {
  const waiting: http.ServerResponse[] = [];
  let tell = (): void => {};
  const { url } = await startStreamingBackend((_, response) => {
    waiting.push(response);
    tell();
  });
  return {
    url,
    answer: () => {
      for (const response of waiting.splice(0)) response.end('at last');
    },
    arrived: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      tell = resolve;
      if (waiting.length > 0) resolve();
      return promise;
    },
  };
}

async function openHttp2({ port }: Workers): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`https://localhost:${port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}

async function ask(session: http2.ClientHttp2Session): Promise<string> {
  let text = '';
  for await (const chunk of session.request({ ':path': '/' }).setEncoding('utf8')) text += chunk;
  return text;
}

const replaced =
  (dead: number) =>
  (all: readonly { pid: number | null; state: string }[]): boolean =>
    all.every(({ state, pid }) => state === 'ready' && pid !== dead);

describe('a worker that is killed', () => {
  test('is replaced, and a request at another one goes on', async () => {
    const backend = await held();
    const world = await startWorkers({ to: backend.url });
    const [one = 0, two = 0] = await pidsOf(world);
    const session = await world.onlyBy(two, () => openHttp2(world));
    const answer = ask(session);
    await backend.arrived();
    process.kill(one, 'SIGKILL');
    const workers = await world.until(replaced(one));
    expect(workers.map(({ deaths }) => deaths)).toEqual([1, 0]);
    expect(workers[0]?.lastDeath).toMatch(/^was ended by SIGKILL at 20/);
    // What one alone does another one has taken over.
    expect(workers.map(({ isLead }) => isLead)).toEqual([false, true]);
    backend.answer();
    expect(await answer).toBe('at last');
    session.destroy();
  });

  test('and is the only one: clients wait for the next, and none is refused', async () => {
    const world = await startWorkers({ workers: 1 });
    const [only = 0] = await pidsOf(world);
    process.kill(only, 'SIGKILL');
    const statuses = await Promise.all(Array.from({ length: 50 }, () => get(world)));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('again and again: the next one is started later each time, and the gateway says so', async () => {
    const world = await startWorkers();
    let [, pid = 0] = await pidsOf(world);
    for (let i = 1; i <= 3; i++) {
      process.kill(pid, 'SIGKILL');
      if (i < 3) pid = (await world.until(replaced(pid)))[1]?.pid ?? 0;
    }
    await world.running.said('not the first in a row; another one is started in 500 ms');
    const { text } = await world.ask('GET', '/readyz');
    expect(text).toMatch(/^ready\nworker 2 died 3 times, last it was ended by SIGKILL at 20/);
    const workers = await world.until(replaced(pid));
    expect(workers[1]?.deaths).toBe(3);
    expect(await get(world)).toBe(200);
  });
});

describe('while no worker serves', () => {
  /** Whoever comes next has to wait for it. */
  async function startDead(): Promise<Workers> {
    const world = await startWorkers({ workers: 1 });
    for (let i = 1; i <= 2; i++) {
      const [pid = 0] = await pidsOf(world);
      process.kill(pid, 'SIGKILL');
      if (i === 1) await world.until(replaced(pid));
    }
    await world.running.said('another one is started in 250 ms');
    return world;
  }

  test('`status` says how they died', async () => {
    const world = await startDead();
    const { state, version, remarks, workers } = await world.status();
    expect(state).toBe('not ready');
    expect(version).toMatch(/^\d/);
    expect(remarks).toContain('no worker serves at the moment');
    expect(workers).toMatchObject([{ deaths: 2, lastDeath: expect.stringContaining('SIGKILL') as string }]);
    await world.until(([one]) => one?.state === 'ready');
  });

  test('a reload starts one, and one only', async () => {
    const world = await startDead();
    expect((await world.ask('POST', '/reload')).text).toContain('"ok":true');
    const [pid = 0] = await pidsOf(world);
    // What was to be started at the end of the pause would have its turn before this one.
    expect((await world.ask('POST', '/reload')).text).toContain('"ok":true');
    expect(await pidsOf(world)).toEqual([pid]);
    expect(childrenOf(world.running.child.pid)).toEqual([pid]);
    expect(await get(world)).toBe(200);
  });

  test('a configuration that nobody can serve is refused, and the next one serves what was before', async () => {
    const world = await startDead();
    writeFileSync(path.join(world.folder, 'bad.conf'), 'SecRule ARGS "@rx (" "id:1,phase:2,deny"\n');
    world.write(', routes: [{ match: { path: /a }, waf: { mode: block, rules: [bad.conf] } }]');
    const { text } = await world.ask('POST', '/reload');
    expect(text).toContain('"ok":false');
    expect(text).toContain('bad.conf');
    await world.until(([one]) => one?.state === 'ready');
    expect(await get(world)).toBe(200);
  });
});

test('a worker that stands still is ended and replaced', async () => {
  const world = await startWorkers({ beside: 'timeouts: { stall: 2s }' });
  const [one = 0] = await pidsOf(world);
  process.kill(one, 'SIGSTOP');
  const workers = await world.until(replaced(one));
  expect(workers[0]?.lastDeath).toMatch(/^stood still and was ended/);
  expect((await world.ask('GET', '/metrics')).text).toContain('gatehouse_worker_deaths_total{cause="stalled"} 1\n');
});

test('without its supervisor a worker finishes what is under way, and lets go of the ports at once', async () => {
  const backend = await held();
  const world = await startWorkers({ to: backend.url });
  const session = await openHttp2(world);
  const answer = ask(session);
  await backend.arrived();
  const pids = await pidsOf(world);
  world.running.child.kill('SIGKILL');
  await world.running.ended;
  await freed(world.port);
  backend.answer();
  expect(await answer).toBe('at last');
  session.destroy();
  await Promise.all(pids.map(gone));
});

test('without its supervisor a worker that stands still is ended in time, and its ports are free', async () => {
  vi.stubEnv('NODE_OPTIONS', '--inspect-port=0');
  onTestFinished(() => void vi.unstubAllEnvs());
  const world = await startWorkers({ workers: 1, beside: 'timeouts: { drain: 100ms, stall: 1m }' });
  const [only = 0] = await pidsOf(world);
  // The debugger is how a process can be made to stand still from outside, and yet have threads that run.
  process.kill(only, 'SIGUSR1');
  const [, address = ''] =
    /Debugger listening on (ws:\S+)/.exec(await world.running.said(/Debugger listening on ws:\S+/)) ?? [];
  const inspector = new WebSocket(address);
  await once(inspector, 'open');
  inspector.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'for (;;) {}' } }));
  // What is asked behind it is not answered any more.
  inspector.send(JSON.stringify({ id: 2, method: 'Runtime.evaluate', params: { expression: '1' } }));
  world.running.child.kill('SIGKILL');
  await gone(only);
  await freed(world.port);
  inspector.terminate();
});

function childrenOf(pid = 0): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** Resolves when nobody listens there: another gateway could. */
async function freed(port: number): Promise<void> {
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    const isRefused = await Promise.race([
      once(socket, 'connect').then(() => once(socket, 'close').then(() => false)),
      once(socket, 'error').then(() => true),
    ]).catch(() => true);
    socket.destroy();
    if (isRefused) return;
  }
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('what cannot start says why, once, and leaves nothing behind', async () => {
  const taken = http.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as net.AddressInfo;
  const listen = `{ https: "127.0.0.1:${port}", http: false }`;
  const file = writeSmallConfig(await temporaryFolder(), { listen, workers: '2' });
  const { code, stderr } = await runCli(['run', '-c', file]);
  expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}: another process has this port`);
  expect(stderr.match(/cannot listen/g)).toHaveLength(1);
  expect(code).toBe(1);
  taken.close();
});
