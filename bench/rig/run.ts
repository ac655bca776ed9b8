// Programs that a benchmark starts: servers that stay until they are stopped, and tools that end by themselves.
// None of them outlives the benchmark, however it ends.
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const STOP_MS = 3_000;
const MAX_KEPT_CHARACTERS = 1024 * 1024;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL');
});

/** A server under test or behind it. */
export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  #output = '';
  #end: string | undefined;

  /** `core`: the one processor that it may run on, or a list of them; undefined: those of this process. */
  constructor(command: Command, core: number | string | undefined) {
    this.#child = start(command, core);
    const keep = (text: string): void => {
      this.#output = (this.#output + text).slice(-MAX_KEPT_CHARACTERS);
    };
    this.#child.stdout?.setEncoding('utf8').on('data', keep);
    this.#child.stderr?.setEncoding('utf8').on('data', keep);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exit = promise;
    const end = (how: string): void => {
      this.#end ??= how;
      running.delete(this.#child);
      resolve();
    };
    this.#child.once('error', (error) => end(error.message));
    this.#child.once('exit', (code, signal) => end(`ended with ${signal ?? code}`));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How it ended, with its last words; undefined while it runs. */
  get fate(): string | undefined {
    return this.#end === undefined ? undefined : `${this.#end}: ${this.lastWords || 'it said nothing'}`;
  }

  /** What it has printed, the end of it if that is much. */
  get output(): string {
    return this.#output;
  }

  /** The last lines that it has printed. */
  get lastWords(): string {
    return this.#output.trim().split('\n').slice(-8).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end !== undefined) return;
    signalGroup(this.#child, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(this.#child, 'SIGKILL'), STOP_MS);
    await this.#exit;
    clearTimeout(timer);
  }
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** It did not end in time and was killed. */
  readonly hasHung: boolean;
}

/**
 * Runs a tool to its end, on the load's core unless `core` says otherwise. Fails when it cannot be started, or with the
 * signal's reason.
 */
export function run(command: Command, timeoutMs: number, signal: AbortSignal, core?: number): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  signal.throwIfAborted();
  const child = start(command, core);
  let stdout = '';
  let stderr = '';
  let hasHung = false;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const kill = (): void => signalGroup(child, 'SIGKILL');
  const timer = setTimeout(() => {
    hasHung = true;
    kill();
  }, timeoutMs);
  signal.addEventListener('abort', kill);
  child.once('error', reject);
  child.once('close', (code) => {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    running.delete(child);
    if (signal.aborted) reject(signal.reason);
    else resolve({ code, stdout, stderr, hasHung });
  });
  return promise;
}

/** The first line that a program prints about itself; undefined when it is not installed. */
export function firstLine(file: string, args: readonly string[]): string | undefined {
  const { error, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  return error === undefined ? `${stdout}${stderr}`.trim().split('\n', 1)[0] : undefined;
}

/** In a process group of its own: Ctrl-C reaches the benchmark alone, which then stops everything in order. */
function start({ file, args, env }: Command, core: number | string | undefined): ChildProcess {
  const [program, list] = core === undefined ? [file, args] : ['taskset', ['-c', String(core), file, ...args]];
  const child = spawn(program, list, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  return child;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
