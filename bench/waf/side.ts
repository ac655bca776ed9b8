// A side while it runs: a process of its own, given orders line by line and answering each with a line of JSON.
// It never outlives the benchmark, and one that does not answer in time is killed.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { rssBytes } from '../rig/proc.ts';
import type { Command } from '../rig/run.ts';

/** To have its rules loaded. */
const READY_WITHIN_MS = 60_000;
/** Beside what was ordered: the last transaction, and a machine that others slow down. */
const PATIENCE_MS = 60_000;

/** How often the file's transactions ran, and what that took of the processor. */
export interface Measured {
  readonly transactions: number;
  readonly cpuSeconds: number;
}

/** What came of one request. */
export interface Checked {
  readonly isBlocked: boolean;
  readonly score: number;
  /** CPU of this one transaction. */
  readonly cpuMs: number;
  /** The longest stretch of it in which the event loop stood; undefined: there is none. */
  readonly longestMs?: number;
  /** Ids of the rules that were logged, in order. */
  readonly hits: readonly number[];
}

interface Hello {
  readonly version: string;
  readonly loadMs: number;
}

/** It was killed because it did not answer in time. */
export class TimedOut extends Error {}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Side implements AsyncDisposable {
  readonly name: string;
  /** What it is, with its version. */
  readonly version: string;
  /** CPU from the start of the process until the rules were loaded. */
  readonly loadMs: number;
  /** Held when the rules were loaded. */
  readonly idleRssBytes: number;
  readonly #talk: Talk;

  private constructor(name: string, talk: Talk, { version, loadMs }: Hello) {
    this.name = name;
    this.version = version;
    this.loadMs = loadMs;
    this.idleRssBytes = rssBytes(talk.pid);
    this.#talk = talk;
  }

  /** Resolves when its rules are loaded; fails with its own last words, or with the signal's reason. */
  static async start(name: string, command: Command, core: number | undefined, signal: AbortSignal): Promise<Side> {
    const talk = new Talk(name, command, core, signal);
    return new Side(name, talk, (await talk.answer(READY_WITHIN_MS)) as Hello);
  }

  /** Runs the file's requests over and over for so much CPU time. */
  measure(path: string, milliseconds: number): Promise<Measured> {
    return this.#talk.ask(`measure ${milliseconds} ${path}`, 4 * milliseconds + PATIENCE_MS) as Promise<Measured>;
  }

  /** Runs each request of the file once. */
  check(path: string, withinMs: number = PATIENCE_MS): Promise<Checked[]> {
    return this.#talk.ask(`check ${path}`, withinMs) as Promise<Checked[]>;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#talk.end();
  }
}

class Talk {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;
  #errors = '';
  #timedOut = false;

  constructor(name: string, { file, args, env }: Command, core: number | undefined, signal: AbortSignal) {
    signal.throwIfAborted();
    this.#name = name;
    const [program, list] = core === undefined ? [file, args] : ['taskset', ['-c', String(core), file, ...args]];
    // In a process group of its own: Ctrl-C reaches the benchmark alone, which then stops everything in order.
    const child = spawn(program, list, { env: { ...process.env, ...env }, detached: true, stdio: 'pipe' });
    this.#child = child;
    running.add(child);
    const kill = (): boolean => child.kill('SIGKILL');
    signal.addEventListener('abort', kill);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    child.once('error', (error) => {
      this.#errors += error.message;
      resolve();
    });
    child.once('close', () => {
      running.delete(child);
      signal.removeEventListener('abort', kill);
      resolve();
    });
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4096);
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  ask(order: string, withinMs: number): Promise<unknown> {
    this.#child.stdin?.write(`${order}\n`);
    return this.answer(withinMs);
  }

  async answer(withinMs: number): Promise<unknown> {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.#child.kill('SIGKILL');
    }, withinMs);
    const { value, done } = await this.#lines.next();
    clearTimeout(timer);
    if (this.#timedOut) throw new TimedOut(`${this.#name} gave no answer within ${withinMs} ms`);
    if (done !== true) return JSON.parse(value);
    await this.#ended;
    throw new Error(`${this.#name} ended: ${this.#errors.trim() || 'it said nothing'}`);
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
