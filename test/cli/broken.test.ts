// A process whose invariants are broken serves nobody any more, however long its last records take.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../src/admin/control.ts';
import { startBackend } from '../support/backend.ts';
import { type RunningCli, runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { writeSmallConfig } from '../support/small-config.ts';
import { get, LOCAL } from '../support/workers.ts';

/** Throws where nobody catches, when it is told. */
const BREAK = `process.on('SIGWINCH', () => { throw new Error('an invariant is broken'); });`;

interface Scene {
  readonly file: string;
  readonly running: RunningCli;
  /** One request on a connection of its own; resolves to its status. */
  readonly ask: () => Promise<number>;
  /** One on a connection that has been open from the start; '' when it is closed instead. */
  readonly askAgain: () => Promise<string>;
}

/** More records wait for a reader than pipes and buffers hold. */
async function stalled(workers: string): Promise<Scene> {
  const folder = await temporaryFolder();
  const hook = path.join(folder, 'hook.mjs');
  writeFileSync(hook, BREAK);
  const { url } = await startBackend();
  const file = writeSmallConfig(folder, { beside: 'logs: { access: stdout, waf: false }', to: url, workers });
  const running = startCli(['run', '-c', file], { env: { NODE_OPTIONS: `--import=${hook}` } });
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(await running.said(/"ready"/))?.[1]);
  running.child.stdout?.pause();
  const headers = { ...LOCAL.headers, 'user-agent': 'x'.repeat(2_000) };
  const socket = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  const askAgain = (): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    if (socket.destroyed) resolve('');
    socket.once('close', () => resolve(''));
    socket.once('data', (answer: Buffer) => resolve(String(answer).slice(9, 12)));
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    return promise;
  };
  expect(await askAgain()).toBe('200');
  for (let i = 0; i < 600; i++) expect(await get({ port }, '/', { headers } as object)).toBe(200);
  return { file, running, ask: () => get({ port }), askAgain };
}

test('a gateway takes neither connections nor requests while its last records wait for a reader', async () => {
  const { running, ask, askAgain } = await stalled('0');
  running.child.kill('SIGWINCH');
  await running.said('the gateway broke and stops');
  expect(await askAgain()).toBe('');
  await expect(ask()).rejects.toThrow('ECONNREFUSED');
  await once(running.child, 'exit');
  expect(running.child.exitCode).toBe(1);
});

test('a worker ends its connections, and who comes then waits for the next one', async () => {
  const { file, running, ask, askAgain } = await stalled('1');
  const [before] = await workersOf(file);
  process.kill(before?.pid ?? 0, 'SIGWINCH');
  await running.said('a worker broke and ends');
  expect(await askAgain()).toBe('');
  expect(await ask()).toBe(200);
  expect(await workersOf(file)).toMatchObject([{ deaths: 1 }]);
});

async function workersOf(file: string): Promise<NonNullable<Status['workers']>> {
  const { stdout } = await runCli(['status', '--json', '-c', file]);
  return (JSON.parse(stdout) as Status).workers ?? [];
}
