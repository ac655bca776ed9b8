// Locks between processes that share a storage. The holder's file changes with every heartbeat; whoever waits watches it,
// and takes a lock whose file has stood still. Clocks of different machines are never compared.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lock } from './storage.ts';
import { Turns } from './turns.ts';

const HEARTBEAT_MS = 400;
/** A holder that could not beat for so long stops by itself, well before anybody else may take the lock. */
const GIVE_UP_MS = 1000;
/** A file that has not changed for so long belongs to the dead. */
const STALE_MS = 1500;
const POLL_MS = 150;
/** Of two that take a stale lock at once the later one wins; after this long both know. */
const SETTLE_MS = 100;

/** Where one lock's text is kept. */
export interface LeaseFile {
  /** False when there is one already. */
  create(text: string): Promise<boolean>;
  read(): Promise<string | undefined>;
  replace(text: string): Promise<void>;
  remove(): Promise<void>;
}

/** One for each process. */
export class LeaseLocks {
  readonly #file: (name: string) => LeaseFile;
  readonly #turns = new Turns();

  constructor(file: (name: string) => LeaseFile) {
    this.#file = file;
  }

  async take(name: string, signal: AbortSignal): Promise<Lock> {
    const lease = new Lease(this.#file(name));
    const { pass } = await this.#turns.take(name, signal, () => lease.take(signal));
    return { lost: lease.lost, release: () => lease.release().finally(pass) };
  }
}

class Lease {
  readonly #file: LeaseFile;
  readonly #owner = randomUUID();
  readonly #lost = new AbortController();
  #count = 0;
  #beatAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(file: LeaseFile) {
    this.#file = file;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async take(signal: AbortSignal): Promise<void> {
    let seen: string | undefined;
    let seenAt = performance.now();
    for (;;) {
      if (await this.#file.create(this.#text())) break;
      const text = await this.#file.read();
      if (text !== seen) {
        seen = text;
        seenAt = performance.now();
      }
      const isStale = text !== undefined && performance.now() - seenAt >= STALE_MS;
      if (isStale && (await this.#takeFrom(text))) break;
      await sleep(POLL_MS, undefined, { signal });
    }
    this.#beatAt = performance.now();
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat());
    }, HEARTBEAT_MS);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    try {
      if (!this.#lost.signal.aborted && (await this.#isMine())) await this.#file.remove();
    } catch {
      // Left behind it goes stale, and the next one takes it.
    }
  }

  /** From a holder that seems dead. */
  async #takeFrom(stale: string): Promise<boolean> {
    if ((await this.#file.read()) !== stale) return false;
    await this.#file.replace(this.#text());
    await sleep(SETTLE_MS);
    return this.#isMine();
  }

  async #beat(): Promise<void> {
    try {
      if (performance.now() - this.#beatAt < GIVE_UP_MS && (await this.#isMine())) {
        await this.#file.replace(this.#text());
        this.#beatAt = performance.now();
        return;
      }
    } catch {
      // The next beat may succeed; past the bound the lock is given up.
      if (performance.now() - this.#beatAt < GIVE_UP_MS) return;
    }
    clearInterval(this.#timer);
    this.#lost.abort(new Error('the lock was lost: this process stood still, or its storage did'));
  }

  async #isMine(): Promise<boolean> {
    return (await this.#file.read())?.startsWith(this.#owner) === true;
  }

  #text(): string {
    return `${this.#owner} ${this.#count++}\n`;
  }
}
