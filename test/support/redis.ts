// A real redis-server on a free port, in a folder of its own; it can be killed, frozen and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** Its end, without a word to anybody (SIGKILL). */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stands still with its connections open, and goes on. */
  freeze(): void;
  thaw(): void;
}

export interface RedisOptions {
  /** Further settings, as on its command line. */
  readonly args?: readonly string[];
  readonly port?: number;
  /** A file of settings: it is a sentinel that runs by it. */
  readonly sentinel?: string;
}

const START_MS = 10_000;

export async function startRedis({ args = [], port, sentinel }: RedisOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-redis-'));
  const chosen = port ?? (await freePort());
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const own = ['--port', String(chosen), '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...args];
    child = spawn('redis-server', sentinel === undefined ? own : [sentinel, '--sentinel'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (/Ready to accept connections|Sentinel ID is/.test(said)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(`redis-server ended:\n${said}`)));
    const timer = setTimeout(() => reject(new Error(`redis-server did not start:\n${said}`)), START_MS);
    await promise.finally(() => clearTimeout(timer));
  };

  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };

  onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  await start();
  return {
    port: chosen,
    url: `redis://127.0.0.1:${chosen}`,
    folder,
    kill,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

export async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
