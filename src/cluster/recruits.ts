// Processes for workers. They may be begun before it is known what they will serve, or whether they are needed: what every
// worker is made of takes longest to load, and can be loaded while the configuration is read. Until one is taken it knows
// nothing and holds nothing, and waits for its orders.
import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/**
 * Short collections of garbage: they stop a worker for as long as it takes to copy what lives among its young objects (8 MiB
 * for each half of them, where V8 takes 16), and are over soonest in one thread where there is a worker for each core
 * (`bench/load`, h2-2000). Still less room costs processor time where many requests are under way at once.
 */
const FLAGS = ['--max-semi-space-size=8', '--single-threaded-gc'];

export class Recruits {
  readonly #program: readonly [file: string, ...args: string[]];
  readonly #waiting = new Map<number, ChildProcess>();

  /** `program`: what a worker runs, and its arguments; its number comes behind them. */
  constructor(program: readonly [file: string, ...args: string[]]) {
    this.#program = program;
  }

  /** For whoever will ask for this number. One that cannot be made is not missed before. */
  begin(number: number): void {
    if (this.#waiting.has(number)) return;
    const child = this.#fork(number);
    if (child instanceof Error) return;
    child.once('error', () => {});
    if (child.pid !== undefined) this.#waiting.set(number, child);
  }

  /** The one that was begun, while it lives, else another; the caller's from now on. An Error: the machine has no room for it. */
  take(number: number): ChildProcess | Error {
    const child = this.#waiting.get(number);
    this.#waiting.delete(number);
    return child?.exitCode === null && child.signalCode === null ? child : this.#fork(number);
  }

  /** Ends those that nobody has taken. */
  dismiss(): void {
    for (const child of this.#waiting.values()) child.kill('SIGKILL');
    this.#waiting.clear();
  }

  #fork(number: number): ChildProcess | Error {
    const [file, ...args] = this.#program;
    try {
      return fork(file, [...args, String(number)], {
        serialization: 'advanced',
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // What an operator has said of it himself comes behind, and holds.
        execArgv: [...FLAGS, ...process.execArgv],
        // In force from the first module on: the program itself would be compiled anew, its types taken out, each time.
        env: { ...process.env, NODE_COMPILE_CACHE: compileCache() },
      });
    } catch (error) {
      return error as Error;
    }
  }
}

/** As `NODE_COMPILE_CACHE` names it, without the folder of this version of Node; undefined: there is none. */
function compileCache(): string | undefined {
  const folder = getCompileCacheDir();
  return folder === undefined ? undefined : dirname(folder);
}
