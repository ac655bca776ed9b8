// A gateway takes the place of another one on a socket that outlives both, as systemd keeps it; no request fails.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { writeSmallConfig } from '../support/small-config.ts';
import { get } from '../support/workers.ts';

/** Bound and not listened on: whoever it is given to listens. */
function boundSocket(): { fd: number; port: number } {
  const bound = new net.BoundSocket({ host: '127.0.0.1' });
  onTestFinished(() => bound.close());
  return { fd: bound.fd(), port: (bound.address() as AddressInfo).port };
}

interface Instance {
  readonly ready: Promise<void>;
  stop(): Promise<number | null>;
  readonly words: () => string;
}

/** As systemd starts a service that has a socket. */
function start(file: string, fd: number): Instance {
  const main = path.resolve(import.meta.dirname, '../../src/main.ts');
  const script = 'LISTEN_PID=$$ exec "$@"';
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, main, 'run', '-c', file], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let words = '';
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  child.stderr?.on('data', (text: Buffer) => {
    words += text.toString();
    if (words.includes('"ready"')) resolve();
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  void ended.then(() => reject(new Error(words)));
  ready.catch(() => {});
  return {
    ready,
    words: () => words,
    stop: async () => {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

test.for([0, 2])('with %i workers, one after the other', { timeout: 60_000 }, async (workers) => {
  const { url } = await startBackend();
  const folder = await temporaryFolder();
  const { fd, port } = boundSocket();
  const listen = `{ https: "127.0.0.1:${port}", http: false }`;
  const file = writeSmallConfig(folder, { listen, workers: String(workers), to: url });
  const outcomes = new Map<string, number>();
  const count = (): number => outcomes.get('200') ?? 0;
  let isOver = false;
  const client = async (): Promise<void> => {
    while (!isOver) {
      const outcome = await get({ port }).then(String, (error: Error) => error.message);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  let running = start(file, fd);
  await running.ready;
  const clients = Array.from({ length: 8 }, client);
  for (let i = 0; i < 2; i++) {
    const before = count();
    await vi.waitFor(() => expect(count()).toBeGreaterThan(before + 20), { timeout: 10_000 });
    expect(await running.stop()).toBe(0);
    running = start(file, fd);
    await running.ready;
  }
  const before = count();
  await vi.waitFor(() => expect(count()).toBeGreaterThan(before + 20), { timeout: 10_000 });
  isOver = true;
  await Promise.all(clients);
  expect([...outcomes.keys()]).toEqual(['200']);
  expect(await running.stop()).toBe(0);
});

test('a socket that no address names is told of', async () => {
  const folder = await temporaryFolder();
  const { fd, port } = boundSocket();
  const file = writeSmallConfig(folder, { admin: '{ socket: false, http: false }' });
  const running = start(file, fd);
  await running.ready;
  expect(running.words()).toContain(`no address under \`listen\` names: web (127.0.0.1:${port})`);
  await running.stop();
});

test('a socket whose address goes with a reload is there again when it comes back', { timeout: 30_000 }, async () => {
  const { url } = await startBackend();
  const folder = await temporaryFolder();
  const { fd, port } = boundSocket();
  const write = (listen: string): string => writeSmallConfig(folder, { listen, workers: '2', to: url });
  const both = `{ https: ["127.0.0.1:0", "127.0.0.1:${port}"], http: false }`;
  const file = write(both);
  const running = start(file, fd);
  await running.ready;
  for (const listen of ['{ https: "127.0.0.1:0", http: false }', both]) {
    write(listen);
    expect(await runCli(['reload', '-c', file])).toMatchObject({ code: 0 });
  }
  expect(await get({ port })).toBe(200);
  await running.stop();
});
