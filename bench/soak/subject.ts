// The gateway under test: a process of its own from the sources, its configuration, and what an operator asks of it.
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '../../src/admin/control.ts';
import { Daemon } from '../rig/run.ts';
import { freePort, HOST, type Workspace } from '../rig/workspace.ts';
import type { Backends } from './backends.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

/** A request of the limited kind each second, for each client. */
export const LIMIT_PER_SECOND = 20;

export interface Outcome {
  readonly ok: boolean;
  readonly problems: readonly { readonly message: string }[];
  readonly error: string | null;
}

export class Subject implements AsyncDisposable {
  readonly port: number;
  readonly #file: string;
  readonly #socketPath: string;
  readonly #sitesOf: (edit: number) => string;
  readonly #daemon: Daemon;

  private constructor(workspace: Workspace, workers: number, port: number, backends: Backends) {
    this.port = port;
    this.#socketPath = workspace.file('admin.sock');
    this.#sitesOf = (edit) => configuration(workspace, workers, port, backends, edit);
    this.#file = workspace.file('gatehouse.yaml', this.#sitesOf(0));
    this.#daemon = new Daemon({ file: process.execPath, args: [MAIN, 'run', '-c', this.#file] }, undefined);
  }

  /** Resolves when all of it serves. */
  static async start(workspace: Workspace, workers: number, backends: Backends): Promise<Subject> {
    const subject = new Subject(workspace, workers, await freePort(), backends);
    while (!(await subject.#isReady())) {
      if (subject.#daemon.fate !== undefined) throw new Error(subject.#daemon.fate);
      await sleep(50);
    }
    return subject;
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  /** How it ended; undefined while it runs. */
  get fate(): string | undefined {
    return this.#daemon.fate;
  }

  /** What it has told of itself, as it stands in the records, and how often. */
  get said(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const line of this.#daemon.output.split('\n')) {
      const words = wordsOf(line);
      if (words !== undefined) counts.set(words, (counts.get(words) ?? 0) + 1);
    }
    return counts;
  }

  /** Each number is another configuration; `broken`: what stands in its place. */
  write(edit: number, broken?: string): void {
    writeFileSync(this.#file, broken ?? this.#sitesOf(edit));
  }

  async reload(): Promise<Outcome> {
    return JSON.parse(await this.#ask('POST', '/reload')) as Outcome;
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.#ask('GET', '/status')) as Status;
  }

  /** The one process, or those that serve. */
  async workers(): Promise<readonly { readonly pid: number; readonly name: string }[]> {
    const { workers } = await this.status();
    return (workers ?? []).flatMap(({ pid, state, worker }) =>
      pid === null || state !== 'ready' ? [] : [{ pid, name: `worker ${worker}` }],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }

  async #isReady(): Promise<boolean> {
    // Nobody answers before it has begun.
    const status = await this.status().catch(() => undefined);
    return status?.state === 'ready' && status.workers?.every(({ state }) => state === 'ready') !== false;
  }

  #ask(method: string, path: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const asked = http.request({ socketPath: this.#socketPath, method, path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    });
    asked.on('error', reject).end();
    return promise;
  }
}

/** Without the numbers in it, so that what was said twice is one line; undefined: it is no whole record. */
function wordsOf(line: string): string | undefined {
  try {
    const { msg, err } = JSON.parse(line) as { readonly msg: string; readonly err?: { readonly stack?: string } };
    return `${msg}${err?.stack === undefined ? '' : `: ${err.stack}`}`.replaceAll(/\d+/g, 'N');
  } catch {
    return undefined;
  }
}

/**
 * The budget of the rules is a bound on what a machine takes that is not busy with anything else, which this one is.
 * What the edits change: a route, a limit, the rules' paranoia, timeouts (so servers are replaced), a group, a listener.
 */
function configuration(workspace: Workspace, workers: number, port: number, backends: Backends, edit: number): string {
  const { certWithKey: pem } = workspace;
  const has = (every: number): boolean => edit % every === every - 1;
  return `
listen: { https: ["127.0.0.1:${port}"${has(5) ? ', "127.0.0.1:0"' : ''}], http: false }
workers: ${workers}
admin: { socket: "${workspace.file('admin.sock')}", http: false }
certificates: { storage: "${workspace.file('certs')}", files: [{ cert: "${pem}", key: "${pem}" }] }
timeouts: { idle: ${75 + (has(4) ? 1 : 0)}s, drain: 5s }
requestLimits: { requestsPerConnection: 1000000000 }
logs: { level: warn, access: false, waf: false }
upstreams:
  steady: { servers: ["${backends.steady}"], maxConnections: ${256 + (has(3) ? 1 : 0)} }
  pair: { servers: ["${backends.steady}", "${backends.flapping}"], health: { path: /healthz, interval: 1s, timeout: 1s } }
  notes: { servers: ["${backends.grpc}"], protocol: h2 }
sites:
  ${HOST}:
    to: steady
    waf: { paranoia: ${has(7) ? 2 : 1}, budget: 10s, body: { inspect: 128KiB, over: inspect-prefix } }
    limits: [{ name: some, match: { path: /limited }, key: client.ip, rate: ${LIMIT_PER_SECOND}/s }]
    cache: true
    routes:
      - { match: { path: /pair/** }, to: pair, waf: false }
      - { match: { path: /Notes/* }, to: notes, waf: false }
${has(2) ? '      - { match: { path: /new }, to: steady, headers: { response: { set: { x-edit: "1" } } } }\n' : ''}`;
}
