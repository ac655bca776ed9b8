// SIGUSR2 opens log files anew, as logrotate asks for, and is never the end of a gateway.
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { type RunningCli, runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';
import { writeSmallConfig } from '../support/small-config.ts';

interface Installed {
  readonly folder: string;
  readonly running: RunningCli;
  readonly ask: (headers?: Record<string, string>) => Promise<unknown>;
}

async function installed(logs: string, workers?: string): Promise<Installed> {
  const folder = await temporaryFolder();
  const { url } = await startBackend();
  const file = writeSmallConfig(folder, { beside: `logs: ${logs}`, to: url, workers });
  const running = startCli(['run', '-c', file]);
  const words = await running.said(/"ready"/);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(words)?.[1]);
  const { stdout: ca } = await runCli(['certs', 'export', '--root', '-c', file]);
  return { folder, running, ask: (headers = {}) => request('http/1.1', { port, ca }, { headers }) };
}

test('where records go to stdout there is nothing to open', async () => {
  const { running, ask } = await installed('{ access: stdout, waf: stdout }');
  running.child.kill('SIGUSR2');
  running.child.kill('SIGHUP');
  await running.said('SIGHUP');
  expect(await ask()).toMatchObject({ status: 200 });
});

test('a file that was moved away is made anew, and the next record is in it', async () => {
  const { folder, running, ask } = await installed('{ access: access.log, waf: false }');
  const file = path.join(folder, 'access.log');
  await ask();
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('"access"'));
  renameSync(file, `${file}.1`);
  running.child.kill('SIGUSR2');
  await vi.waitFor(() => expect(existsSync(file)).toBe(true));
  await ask();
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('"access"'));
});

test('a file that cannot be opened any more is told, and the one that is open goes on', async () => {
  const { folder, running, ask } = await installed('{ access: logs/access.log, waf: false }');
  const logs = path.join(folder, 'logs');
  renameSync(logs, `${logs}.1`);
  writeFileSync(logs, 'a file where a folder was');
  running.child.kill('SIGUSR2');
  expect(await running.said('logs/access.log')).toMatch(/"level":"error".*logs\/access\.log.*cannot be written/);
  running.child.kill('SIGUSR2');
  await ask();
  const kept = path.join(`${logs}.1`, 'access.log');
  await vi.waitFor(() => expect(readFileSync(kept, 'utf8')).toContain('"access"'));
  await rm(logs);
  running.child.kill('SIGUSR2');
  await vi.waitFor(() => expect(existsSync(path.join(logs, 'access.log'))).toBe(true));
  await ask();
  await vi.waitFor(() => expect(readFileSync(path.join(logs, 'access.log'), 'utf8')).toContain('"access"'));
});

test.for(['0', '1'])(
  'with nobody left to read its words it ends when it is told, with workers: %s',
  async (workers) => {
    const file = writeSmallConfig(await temporaryFolder(), { workers });
    const running = startCli(['run', '-c', file]);
    await running.said(/"ready"/);
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  },
);

test.for(['0', '1'])(
  'with records for a reader that has stalled it ends all the same, with workers: %s',
  async (workers) => {
    const { running, ask } = await installed('{ access: stdout, waf: false }', workers);
    running.child.stdout?.pause();
    // More than pipes and buffers hold.
    for (let i = 0; i < 600; i++) await ask({ 'user-agent': 'x'.repeat(2_000) });
    running.child.kill('SIGTERM');
    await once(running.child, 'exit');
    expect(running.child.exitCode).toBe(0);
  },
);

test('workers do not wait for the reader of their records when they end: he who reads on has them all', async () => {
  const { running, ask } = await installed('{ access: stdout, waf: false }', '2');
  const { stdout } = running.child;
  stdout?.pause();
  for (let i = 0; i < 600; i++) await ask({ 'user-agent': 'x'.repeat(2_000) });
  const workers = childrenOf(running.child.pid);
  expect(workers).toHaveLength(2);
  running.child.kill('SIGTERM');
  await vi.waitFor(() => expect(workers.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]), { timeout: 10_000 });
  stdout?.resume();
  expect((await running.ended).stdout.match(/"access"/g)).toHaveLength(600);
});

test('with nobody left to read its words it takes a reload', async () => {
  const folder = await temporaryFolder();
  const file = writeSmallConfig(folder, {});
  const running = startCli(['run', '-c', file]);
  await running.said(/"ready"/);
  running.child.stdout?.destroy();
  running.child.stderr?.destroy();
  writeSmallConfig(folder, { beside: 'logs: { level: debug }' });
  expect(await runCli(['reload', '-c', file])).toMatchObject({ code: 0 });
  expect(await runCli(['status', '-c', file])).toMatchObject({ code: 0 });
});

test('what was written last is there when it has ended', async () => {
  const { folder, running, ask } = await installed('{ access: access.log, waf: false }');
  await ask();
  running.child.kill('SIGTERM');
  const { stderr } = await running.ended;
  expect(stderr.trimEnd().split('\n').at(-1)).toContain('"stopped"');
  expect(readFileSync(path.join(folder, 'access.log'), 'utf8').match(/"access"/g)).toHaveLength(1);
});

function childrenOf(pid: number | undefined): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
}
