// Locks between machines, in the shared store: a key with the holder's name in it that goes by itself unless the holder
// prolongs it. Only the store's clock counts, and only by how much time has passed.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Shared } from '../../shared/shared.ts';
import type { Lock } from './storage.ts';
import { Turns } from './turns.ts';

/** A holder that died loses the lock after so long. */
const LEASE_MS = 5000;
const BEAT_MS = 1000;
/** A holder that could not prolong it for so long stops by itself, well before anybody else may take it. */
const GIVE_UP_MS = 3500;
const POLL_MS = 200;
const ANSWER_MS = 1000;

/** KEYS: the lock. ARGV: owner, ms. Within its time nobody else can have had it, so a store that lost it gets it back. */
const PROLONG = `
local owner = redis.call('get', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1
`;
const RELEASE = `
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
return 1
`;

interface Scripted extends Redis {
  prolongLock(key: string, owner: string, ms: number): Promise<number>;
  releaseLock(key: string, owner: string): Promise<number>;
}

/** One for each process. */
export class SharedLocks {
  readonly #shared: Shared;
  readonly #turns = new Turns();

  constructor(shared: Shared) {
    this.#shared = shared;
    shared.client.defineCommand('prolongLock', { numberOfKeys: 1, lua: PROLONG });
    shared.client.defineCommand('releaseLock', { numberOfKeys: 1, lua: RELEASE });
  }

  /** Fails with the signal's reason, and with an Error when the store does not answer. */
  async take(name: string, signal: AbortSignal): Promise<Lock> {
    const lease = new SharedLease(this.#shared, `${this.#shared.config.prefix}:lock:${name}`);
    const { pass } = await this.#turns.take(name, signal, () => lease.take(signal));
    return { lost: lease.lost, release: () => lease.release().finally(pass) };
  }
}

class SharedLease {
  readonly #shared: Shared;
  readonly #key: string;
  readonly #owner = randomUUID();
  readonly #lost = new AbortController();
  #beatAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(shared: Shared, key: string) {
    this.#shared = shared;
    this.#key = key;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async take(signal: AbortSignal): Promise<void> {
    for (;;) {
      const askedAt = performance.now();
      const taken = await this.#ask((client) => client.set(this.#key, this.#owner, 'PX', LEASE_MS, 'NX'));
      if (taken === 'OK') {
        this.#beatAt = askedAt;
        break;
      }
      await sleep(POLL_MS, undefined, { signal });
    }
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat());
    }, BEAT_MS);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    // Left behind it goes by itself.
    await this.#ask((client) => client.releaseLock(this.#key, this.#owner)).catch(() => {});
  }

  async #beat(): Promise<void> {
    const askedAt = performance.now();
    try {
      if (askedAt - this.#beatAt < GIVE_UP_MS) {
        if ((await this.#ask((client) => client.prolongLock(this.#key, this.#owner, LEASE_MS))) === 1) {
          this.#beatAt = askedAt;
          return;
        }
      }
    } catch {
      // The next beat may succeed; past the bound the lock is given up.
      if (performance.now() - this.#beatAt < GIVE_UP_MS) return;
    }
    clearInterval(this.#timer);
    this.#lost.abort(new Error('the lock was lost: this process stood still, or the shared store did'));
  }

  #ask<T>(question: (client: Scripted) => Promise<T>): Promise<T> {
    return this.#shared.ask((client) => question(client as Scripted), ANSWER_MS);
  }
}
