// The same requests through a gateway that runs, byte for byte over TLS and HTTP/1.1: what the reading of requests refuses, and
// what bounds on bodies do, shows only here. An answer from 400 on is a stop; the backend says 200 to everything.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { freePort, Workspace } from '../../rig/workspace.ts';
import type { BenchRequest } from '../request.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');
const HOST = 'shop.example.com';
const START_MS = 30_000;
const ANSWER_MS = 10_000;
/** Every request has a connection of its own; so many at a time. */
const AT_ONCE = 8;

export class LiveGateway implements AsyncDisposable {
  readonly #workspace: Workspace;
  readonly #backend: Server;
  readonly #process: ChildProcess;
  readonly #port: number;

  private constructor(workspace: Workspace, backend: Server, process: ChildProcess, port: number) {
    this.#workspace = workspace;
    this.#backend = backend;
    this.#process = process;
    this.#port = port;
  }

  /** A gateway with the core rules, and a backend behind it. */
  static async start(paranoia: number): Promise<LiveGateway> {
    const workspace = new Workspace();
    const backend = createServer((request, response) => void request.resume().on('end', () => response.end('ok')));
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const port = await freePort();
    const config = {
      listen: { https: [`127.0.0.1:${port}`], http: false },
      admin: { http: false, socket: workspace.file('admin.sock') },
      certificates: { files: [{ cert: workspace.cert, key: workspace.key }], storage: workspace.file('certs') },
      workers: 0,
      logs: { level: 'error', access: false, waf: false },
      sites: {
        [HOST]: {
          to: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
          certificate: { cert: workspace.cert, key: workspace.key },
          waf: { rules: ['core'], paranoia },
        },
      },
    };
    const file = workspace.file('gatehouse.yaml', JSON.stringify(config));
    const process_ = spawn(process.execPath, [MAIN, 'run', '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    const live = new LiveGateway(workspace, backend, process_, port);
    await live.#ready();
    return live;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill();
      await once(this.#process, 'exit');
    }
    this.#backend.close();
    this.#workspace[Symbol.dispose]();
  }

  /** Whether each of them was stopped. */
  async judge(requests: readonly BenchRequest[]): Promise<boolean[]> {
    const stopped: boolean[] = [];
    const queue = requests.entries();
    const work = async (): Promise<void> => {
      for (const [index, request] of queue) stopped[index] = (await this.#send(request)) >= 400;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return stopped;
  }

  /** The status; 400 when the connection is closed without one. */
  #send({ method, target, headers, body }: BenchRequest): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const options = { host: '127.0.0.1', port: this.#port, servername: HOST, rejectUnauthorized: false };
    const socket = connect({ ...options, ALPNProtocols: ['http/1.1'] }, () => {
      socket.write(`${method} ${target} HTTP/1.1\r\n${lines}connection: close\r\n\r\n`, 'latin1');
      socket.write(body);
    });
    let answer = '';
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 400)));
    return promise;
  }

  async #ready(): Promise<void> {
    const request = { method: 'GET', target: '/', headers: [['host', HOST]] as const, body: Buffer.alloc(0) };
    for (const startedAt = performance.now(); performance.now() - startedAt < START_MS; ) {
      if ((await this.#send(request)) === 200) return;
      if (this.#process.exitCode !== null) break;
      await delay(100);
    }
    await this[Symbol.asyncDispose]();
    throw new Error('the gateway did not start');
  }
}
