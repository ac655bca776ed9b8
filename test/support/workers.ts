// A gateway of several processes as an operator runs it, and what is needed to look at each of them.
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import type tls from 'node:tls';
import { expect, onTestFinished, vi } from 'vitest';
import type { Status, WorkerStatus } from '../../src/admin/control.ts';
import { startBackend } from './backend.ts';
import { type RunningCli, startCli, temporaryFolder } from './cli.ts';
import { writeSmallConfig } from './small-config.ts';

export interface Workers {
  readonly running: RunningCli;
  readonly folder: string;
  readonly file: string;
  /** Of HTTPS. */
  readonly port: number;
  /** Writes the configuration anew, with this in the site and beside it. */
  write(site?: string, beside?: string): void;
  /** Of the admin socket. */
  ask(method: 'GET' | 'POST', path: string, wish?: object): Promise<{ status: number; text: string }>;
  status(): Promise<Status>;
  /** When it is as it should be. */
  until(isTrue: (workers: readonly WorkerStatus[]) => boolean): Promise<readonly WorkerStatus[]>;
  /** What `act` does reaches that worker and no other: the others stand still meanwhile. */
  onlyBy<T>(pid: number, act: () => Promise<T>): Promise<T>;
}

export interface WorkersOptions {
  readonly workers?: number;
  readonly site?: string;
  readonly beside?: string;
  readonly to?: string;
  readonly listen?: string;
  readonly certificates?: string;
  /** Of the site. */
  readonly name?: string;
}

export async function startWorkers({
  workers = 2,
  site = '',
  beside = '',
  to,
  listen,
  certificates,
  name,
}: WorkersOptions = {}): Promise<Workers> {
  const folder = await temporaryFolder();
  const target = to ?? (await startBackend()).url;
  const write = (more = site, around = beside): string =>
    writeSmallConfig(folder, {
      listen,
      certificates,
      workers: String(workers),
      beside: around,
      name,
      to: target,
      site: more,
    });
  const file = write();
  const running = startCli(['run', '-c', file]);
  onTestFinished(async () => {
    // At once, and before its folder is removed.
    for (let i = 0; i < 2; i++) running.child.kill('SIGTERM');
    await running.ended;
  });
  await running.said('"ready"');
  const ask = (method: string, to: string, wish?: object): Promise<{ status: number; text: string }> =>
    askSocket(path.join(folder, 'admin.sock'), method, to, wish);
  const status = async (): Promise<Status> => JSON.parse((await ask('GET', '/status')).text) as Status;
  const until: Workers['until'] = (isTrue) =>
    vi.waitFor(
      async () => {
        const all = (await status()).workers ?? [];
        expect(all, 'the workers').toSatisfy(isTrue);
        return all;
      },
      { timeout: 15_000, interval: 50 },
    );
  const [listening = ''] = (await status()).listen.https;
  const onlyBy: Workers['onlyBy'] = async (pid, act) => {
    const others = ((await status()).workers ?? []).flatMap((each) =>
      each.pid === null || each.pid === pid ? [] : [each.pid],
    );
    for (const other of others) signal(other, 'SIGSTOP');
    try {
      return await act();
    } finally {
      for (const other of others) signal(other, 'SIGCONT');
    }
  };
  return { running, folder, file, port: Number(listening.split(':').at(-1)), write, ask, status, until, onlyBy };
}

/** It may have died a moment ago. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The processes that serve now. */
export async function pidsOf(world: Pick<Workers, 'status'>): Promise<number[]> {
  return ((await world.status()).workers ?? []).flatMap(({ pid }) => pid ?? []);
}

/** One request on a connection of its own; resolves to its status. */
export function get({ port }: { port: number }, target = '/', options: tls.ConnectionOptions = {}): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  https
    .get(
      { host: '127.0.0.1', port, servername: 'localhost', path: target, agent: false, ...LOCAL, ...options },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
        answer.on('error', reject);
      },
    )
    .on('error', reject);
  return promise;
}

/** The local CA of the gateway is nobody's to trust. */
export const LOCAL: tls.ConnectionOptions & { headers: Record<string, string> } = {
  rejectUnauthorized: false,
  headers: { host: 'localhost' },
};

function askSocket(
  socketPath: string,
  method: string,
  target: string,
  wish?: object,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  http
    .request({ socketPath, method, path: target }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    })
    .on('error', reject)
    .end(wish === undefined ? '' : JSON.stringify(wish));
  return promise;
}
