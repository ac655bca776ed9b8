// A log that is a named pipe: its reader may go, and come again.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { type RunningCli, startCli, temporaryFolder } from '../support/cli.ts';
import { writeSmallConfig } from '../support/small-config.ts';
import { get } from '../support/workers.ts';

interface Reader {
  /** The paths in the records that it has read. */
  readonly paths: () => readonly string[];
  readonly leave: () => Promise<void>;
}

interface Scene {
  readonly pipe: string;
  readonly start: () => Promise<RunningCli>;
  readonly ask: (target: string) => Promise<void>;
}

async function scene(): Promise<Scene> {
  const folder = await temporaryFolder();
  const pipe = path.join(folder, 'access.pipe');
  execFileSync('mkfifo', [pipe]);
  const { url } = await startBackend();
  const file = writeSmallConfig(folder, { beside: 'logs: { access: access.pipe, waf: false }', to: url });
  let port = 0;
  return {
    pipe,
    start: async () => {
      const running = startCli(['run', '-c', file]);
      port = Number(/127\.0\.0\.1:(\d+)/.exec(await running.said(/"ready"/))?.[1]);
      return running;
    },
    ask: async (target) => expect(await get({ port }, target)).toBe(200),
  };
}

function reader(pipe: string): Reader {
  const child = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {
    paths: () => Array.from(text.matchAll(/"path":"([^"]*)"/g), ([, found = '']) => found),
    leave: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

function hasRead({ paths }: Reader, expected: readonly string[]): Promise<void> {
  return vi.waitFor(() => expect(paths()).toEqual(expected), { timeout: 10_000, interval: 20 });
}

test('what is written while nobody reads is there for the next one who does', async () => {
  const { pipe, start, ask } = await scene();
  const first = reader(pipe);
  const running = await start();
  await ask('/one');
  await hasRead(first, ['/one']);
  await first.leave();
  await ask('/two');
  await running.said(/records for .*access\.pipe are lost: it cannot be written \(EPIPE\)/);
  await ask('/three');
  const second = reader(pipe);
  await hasRead(second, ['/two', '/three']);
  await second.leave();
  await ask('/four');
  const third = reader(pipe);
  await hasRead(third, ['/four']);
  await ask('/five');
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
  expect(third.paths()).toEqual(['/four', '/five']);
});

test('nobody is waited for, at the start and when files are opened anew', async () => {
  const { pipe, start, ask } = await scene();
  const running = await start();
  await ask('/one');
  running.child.kill('SIGUSR2');
  running.child.kill('SIGHUP');
  await running.said('SIGHUP');
  await ask('/two');
  await hasRead(reader(pipe), ['/one', '/two']);
});

test('with nobody left to read it the gateway ends when it is told', async () => {
  const { start, ask } = await scene();
  const running = await start();
  await ask('/one');
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});
