// A server under load of one kind at a time, and the processor time that each answer costs it: a gateway from its sources,
// or the bare one.
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './proc.ts';
import { Daemon, run } from './run.ts';
import { freePort, HOST, type Workspace } from './workspace.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const BARE = new URL('bare-server.ts', import.meta.url).pathname;
const TOOL_MS = 120_000;

export type Protocol = 'h2' | 'http/1.1';

export interface Load {
  readonly path: string;
  /** Of nearly all answers, as h2load counts them: `2xx`. */
  readonly status: string;
  /** A field that each request has. */
  readonly header?: string;
  readonly requests: number;
  /** Requests under way on each of the eight connections. */
  readonly streams: number;
}

export class MeasuredServer implements AsyncDisposable {
  readonly #daemon: Daemon;
  readonly #port: number;

  private constructor(daemon: Daemon, port: number) {
    this.#daemon = daemon;
    this.#port = port;
  }

  /** A gateway. Pinned to `core`, if that is possible; `sites` is that part of its configuration, which has no rules' records. */
  static async gateway(workspace: Workspace, core: number | undefined, sites: string): Promise<MeasuredServer> {
    const port = await freePort();
    const file = workspace.file('gatehouse.yaml', configuration(workspace, port, sites));
    return MeasuredServer.#start([MAIN, 'run', '-c', file], core, port);
  }

  /** What Node's own server costs (`bare-server.ts`); its paths are those of the backend. */
  static async bare({ www, cert, key }: Workspace, core: number | undefined): Promise<MeasuredServer> {
    const port = await freePort();
    return MeasuredServer.#start([BARE, www, String(port), cert, key], core, port);
  }

  /** Resolves when it answers. */
  static async #start(args: readonly string[], core: number | undefined, port: number): Promise<MeasuredServer> {
    const server = new MeasuredServer(new Daemon({ file: process.execPath, args }, core), port);
    try {
      await server.#untilReady();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** Processor seconds for all of the load; fails when more than one answer in a hundred is another than was asked for. */
  async cost(over: Protocol, { path, status, header, requests, streams }: Load): Promise<number> {
    const before = cpuSeconds(this.#daemon.pid);
    const args = [
      `--requests=${requests}`,
      '--clients=8',
      `--max-concurrent-streams=${streams}`,
      ...(over === 'h2' ? [] : ['--h1']),
      ...(header === undefined ? [] : ['-H', header]),
      `--connect-to=127.0.0.1:${this.#port}`,
      `https://${HOST}:${this.#port}${path}`,
    ];
    const { stdout, stderr } = await run({ file: 'h2load', args }, TOOL_MS, AbortSignal.timeout(TOOL_MS));
    const got = Number(new RegExp(`(\\d+) ${status}`).exec(stdout)?.[1] ?? 0);
    // The first of all may be a miss, or let through.
    if (got < requests * 0.99)
      throw new Error(`${path}: ${got} of ${requests} answers were ${status}\n${stdout}${stderr}`);
    return cpuSeconds(this.#daemon.pid) - before;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#daemon[Symbol.asyncDispose]());
  }

  async #untilReady(): Promise<void> {
    const ask = ['--resolve', `${HOST}:${this.#port}:127.0.0.1`, `https://${HOST}:${this.#port}/1k`];
    for (let i = 0; i < 200; i++) {
      if (this.#daemon.lastWords.includes('"ready"')) return;
      if (this.#daemon.fate !== undefined) throw new Error(this.#daemon.fate);
      await sleep(50);
      const { code } = await run(
        { file: 'curl', args: ['-sk', '-o', '/dev/null', ...ask] },
        TOOL_MS,
        AbortSignal.timeout(TOOL_MS),
      );
      if (code === 0) return;
    }
    throw new Error(`the server did not start: ${this.#daemon.lastWords}`);
  }
}

function configuration(workspace: Workspace, port: number, sites: string): string {
  return `workers: 0
listen: { https: "127.0.0.1:${port}", http: false }
admin: { socket: false, http: false }
certificates: { storage: "${workspace.file('certs')}", files: [{ cert: "${workspace.cert}", key: "${workspace.key}" }] }
requestLimits: { requestsPerConnection: 1000000000 }
logs: { level: error, access: false, waf: false }
${sites}`;
}
