// The one thread in which this process reads and writes all its files of stored answers. A thread that dies takes nothing
// with it but what was asked of it: the next wish starts another one.
import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type DiskMessage, type DiskReply, type DiskWishes, type FileName, serve } from './disk-desk.ts';
import { within } from './flight.ts';

/** What tells this file that it runs in such a thread. */
const ROLE = 'gatehouse cache files';
const STOP_MS = 2000;
/** Between two starts. */
const RESTART_MS = 10_000;

export class DiskThread {
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #worker: Worker | undefined;
  #startedAt = Number.NEGATIVE_INFINITY;
  #ids = 0;

  /** Resolves when it runs; a thread that cannot is told of by whoever asks it first. */
  async start(): Promise<void> {
    await once(this.#running(), 'online').catch(() => {});
  }

  /** A name for a store in `ask`. */
  newHandle(): number {
    return this.#ids++;
  }

  /** Wishes are done in their order. Fails as the file fails, or with the thread. `transfer`: is gone here afterwards. */
  ask<K extends keyof DiskWishes>(
    handle: number,
    name: FileName,
    wish: K,
    args: Parameters<DiskWishes[K]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ReturnType<DiskWishes[K]>> {
    const asked = Promise.withResolvers<unknown>();
    try {
      const worker = this.#running();
      const id = this.#ids++;
      this.#pending.set(id, asked);
      worker.postMessage({ id, handle, name, wish, args } satisfies DiskMessage, transfer);
    } catch (error) {
      asked.reject(error);
    }
    return asked.promise as Promise<ReturnType<DiskWishes[K]>>;
  }

  /** Behind all that was asked, unless the disk takes too long for it. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    await within(Promise.allSettled([...this.#pending.values()].map(({ promise }) => promise)), STOP_MS, undefined);
    this.#worker = undefined;
    await within(worker.terminate(), STOP_MS, undefined);
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const now = performance.now();
    if (now - this.#startedAt < RESTART_MS) throw new Error('the thread for cache files has died');
    this.#startedAt = now;
    const worker = new Worker(import.meta.filename, { workerData: ROLE, name: ROLE });
    worker.unref();
    worker.on('message', ({ id, result, error }: DiskReply) => {
      const asked = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) asked?.resolve(result);
      else asked?.reject(error);
    });
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', () => this.#lost(worker, new Error('the thread for cache files has ended')));
    this.#worker = worker;
    return worker;
  }

  #lost(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

if (workerData === ROLE && parentPort !== null) serve(parentPort);
