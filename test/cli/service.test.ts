// What systemd hears (sd_notify(3)), through its own program and a real socket; and how a balancer learns of the end in time.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startCli, temporaryFolder } from '../support/cli.ts';
import { writeSmallConfig } from '../support/small-config.ts';
import { get, startWorkers } from '../support/workers.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** Node has no such sockets. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

async function startManager(folder: string): Promise<{ socket: string; heard: () => string[] }> {
  const socket = path.join(folder, 'notify');
  const receiver: ChildProcess = spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void receiver.kill());
  let text = '';
  receiver.stdout?.on('data', (more: Buffer) => {
    text += more.toString();
  });
  await once(receiver.stdout as NodeJS.ReadableStream, 'data');
  return { socket, heard: () => text.split('\n') };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}

describe.skipIf(!has('systemd-notify') || !has('python3'))('systemd', () => {
  test('hears of being ready, of reloads with their time, of turning, and of the end', async () => {
    const folder = await temporaryFolder();
    const manager = await startManager(folder);
    const file = writeSmallConfig(folder, { admin: '{ socket: false, http: false }' });
    const env = { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: '900000' };
    const { child, ended } = startCli(['run', '-c', file], { env });
    const hears = (pattern: RegExp): Promise<void> =>
      vi.waitFor(() => expect(manager.heard()).toContainEqual(expect.stringMatching(pattern)), { timeout: 10_000 });
    await hears(/^READY=1 STATUS=serving/);
    await hears(/^WATCHDOG=1/);
    const before = process.hrtime.bigint() / 1000n;
    child.kill('SIGHUP');
    await hears(/^RELOADING=1 MONOTONIC_USEC=\d+/);
    const reloading = manager.heard().findIndex((line) => line.startsWith('RELOADING=1'));
    const at = BigInt(/USEC=(\d+)/.exec(manager.heard()[reloading] ?? '')?.[1] ?? 0);
    expect(at > before && at < process.hrtime.bigint() / 1000n).toBe(true);
    await vi.waitFor(() => expect(manager.heard().slice(reloading)).toContain('READY=1 STATUS=serving'));
    child.kill('SIGTERM');
    await ended;
    await hears(/^STOPPING=1/);
  });
});

describe.skipIf(!has('systemd-notify') || !has('python3'))('a reload while it stops', () => {
  test.for([0, 1])('is refused, and systemd hears nothing of it, with workers: %i', async (workers) => {
    const folder = await temporaryFolder();
    const manager = await startManager(folder);
    const file = writeSmallConfig(folder, {
      workers: String(workers),
      beside: 'timeouts: { leave: 1h }',
      admin: '{ socket: false, http: false }',
    });
    const running = startCli(['run', '-c', file], { env: { NOTIFY_SOCKET: manager.socket } });
    await running.said('"ready"');
    running.child.kill('SIGTERM');
    await running.said('"draining"');
    running.child.kill('SIGHUP');
    await running.said('the gateway is stopping; nothing was reloaded');
    running.child.kill('SIGTERM');
    await running.ended;
    const states = (): string[] => manager.heard().filter((line) => /^(READY|RELOADING|STOPPING)=/.test(line));
    await vi.waitFor(() => expect(states()).toContain('STOPPING=1 STATUS=draining'));
    expect(states()).toEqual(['READY=1 STATUS=serving', 'STOPPING=1 STATUS=draining']);
  });
});

describe.skipIf(!has('systemd-notify') || !has('python3') || !has('prlimit'))('out of file descriptors', () => {
  test('systemd hears all the same that it turns', async () => {
    const folder = await temporaryFolder();
    const manager = await startManager(folder);
    const port = await freePort();
    const listen = `{ https: "127.0.0.1:${port}", http: false }`;
    const file = writeSmallConfig(folder, { listen, admin: '{ socket: false, http: false }' });
    const env = { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: '900000' };
    const running = startCli(['run', '-c', file], { env });
    await running.said('"ready"');
    const { pid } = running.child;
    const beats = (): number => manager.heard().filter((line) => line.startsWith('WATCHDOG=1')).length;
    await vi.waitFor(() => expect(beats()).toBeGreaterThan(0), { timeout: 10_000 });
    const open = (): number[] => readdirSync(`/proc/${pid}/fd`).map(Number);
    const most = Math.max(...open()) + 1;
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}`]);
    const crowd = Array.from({ length: most }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
    await vi.waitFor(() => expect(open()).toHaveLength(most), { timeout: 10_000 });
    const before = beats();
    await vi.waitFor(() => expect(beats()).toBeGreaterThan(before + 2), { timeout: 10_000 });
    for (const socket of crowd) socket.destroy();
    running.child.kill('SIGTERM');
    await running.ended;
  });
});

test('who asks whether it is ready is told no for timeouts.leave, while everybody is served', async () => {
  const world = await startWorkers({ beside: 'timeouts: { leave: 1h }' });
  expect((await world.ask('GET', '/readyz')).status).toBe(200);
  world.running.child.kill('SIGTERM');
  await vi.waitFor(async () => expect((await world.ask('GET', '/readyz')).status).toBe(503));
  expect(await get(world)).toBe(200);
  world.running.child.kill('SIGTERM');
  expect((await world.running.ended).code).toBe(0);
});
