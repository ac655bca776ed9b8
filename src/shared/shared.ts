// The store that many machines share (Redis or Valkey), and life without it. Nobody waits for it longer than
// `shared.timeout`: what it does not answer in time fails, whoever asked goes on alone, and the store is left in peace until
// it answers again. It never stops a request, and no message has a password in it.
import type { Redis } from 'ioredis';
import type { SharedConfig } from '../config/config.ts';
import { openClient } from './client.ts';
import { type Fault, Health, type SharedState } from './health.ts';

export interface SharedStatus {
  readonly state: SharedState;
  /** Without user and password. */
  readonly place: string;
  /** Of the state. */
  readonly since: Date;
  /** Why it is not up; undefined when it is. */
  readonly reason: string | undefined;
  /** What was asked of it, and what of that was not answered in time. */
  readonly asked: number;
  readonly failed: number;
}

/** How often it is asked whether it is well: beside the traffic, and more often while it is not. */
const PROBE_MS = 1000;
const PROBE_UNWELL_MS = 200;
/** What answers PING may still refuse to write: a replica, a full disk or memory, a user without the right. */
const PROBE = "return redis.call('set', KEYS[1], 1, 'px', 10000)";
/** The first connection is waited for so long at the start, and no longer. */
const FIRST_MS = 1000;

export class Shared {
  readonly config: SharedConfig;
  readonly place: string;
  readonly #commands: Redis;
  readonly #listener: Redis;
  readonly #health: Health;
  readonly #listeners = new Map<string, (message: string) => void>();
  readonly #whenUp: (() => void)[] = [];
  #probe: NodeJS.Timeout | undefined;
  #asked = 0;
  #failed = 0;
  #isClosed = false;

  /** `tell` hears of each change of the state. */
  constructor(config: SharedConfig, tell: (status: SharedStatus) => void) {
    this.config = config;
    this.place = placeOf(config);
    this.#health = new Health(() => {
      if (this.#isClosed) return;
      tell(this.status);
      if (this.isUp) for (const act of this.#whenUp) act();
    });
    this.#commands = openClient(config);
    this.#listener = openClient(config);
    for (const client of [this.#commands, this.#listener]) {
      client.on('error', (error: Error) => {
        if (client === this.#commands) this.#health.failed(this.#printable(error), 'gone');
      });
    }
    this.#commands.on('close', () => this.#health.closed());
    this.#commands.on('ready', () => void this.#look());
    this.#listener.on('ready', () => void this.#listen());
    this.#listener.on('message', (channel: string, message: string) => this.#listeners.get(channel)?.(message));
  }

  /** Resolves when it is up, or a second later; then goes on trying beside the traffic. */
  async open(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FIRST_MS);
    this.#whenUp.push(resolve);
    for (const client of [this.#commands, this.#listener]) client.connect().catch(() => {});
    this.#schedule();
    await promise;
    clearTimeout(timer);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#probe);
    this.#commands.disconnect();
    this.#listener.disconnect();
  }

  get isUp(): boolean {
    return this.#health.state === 'up';
  }

  get status(): SharedStatus {
    const { state, since, reason } = this.#health;
    return { state, place: this.place, since, reason, asked: this.#asked, failed: this.#failed };
  }

  /** The client for `ask`; scripts are defined on it. */
  get client(): Redis {
    return this.#commands;
  }

  /**
   * One question. Fails when it is not answered within `timeoutMs`, at once when the store is known not to answer, and
   * with an Error whose message may be shown.
   */
  async ask<T>(question: (client: Redis) => Promise<T>, timeoutMs: number = this.config.timeoutMs): Promise<T> {
    this.#asked++;
    if (!this.isUp) {
      this.#failed++;
      throw new Error('the shared store is not up');
    }
    try {
      const answer = await inTime(question(this.#commands), timeoutMs);
      this.#health.answered();
      return answer;
    } catch (error) {
      this.#failed++;
      this.#health.failed(this.#printable(error), faultOf(error));
      throw new Error(this.#printable(error));
    }
  }

  /** Hears what is published from now on; what was published while there was no connection is lost. */
  subscribe(channel: string, hear: (message: string) => void): void {
    this.#listeners.set(channel, hear);
    if (this.#listener.status === 'ready') void this.#listen();
  }

  /** Calls each time that it can be used, or heard, again: something may have been missed meanwhile. */
  onUp(act: () => void): void {
    this.#whenUp.push(act);
    if (this.isUp) act();
  }

  async #listen(): Promise<void> {
    try {
      if (this.#listeners.size > 0) await this.#listener.subscribe(...this.#listeners.keys());
      if (this.isUp) for (const act of this.#whenUp) act();
    } catch {
      // The connection broke again: the next one is 'ready' in its turn.
    }
  }

  #schedule(): void {
    clearTimeout(this.#probe);
    if (this.#isClosed) return;
    this.#probe = setTimeout(() => void this.#look(), this.isUp ? PROBE_MS : PROBE_UNWELL_MS).unref();
  }

  async #look(): Promise<void> {
    // ioredis gives up for good where an attempt to connect is broken off, as by the news of a failover.
    for (const client of [this.#commands, this.#listener])
      if (client.status === 'end') client.connect().catch(() => {});
    if (this.#listener.status === 'ready') this.#listener.ping().catch(() => {});
    if (this.#commands.status === 'ready') {
      try {
        const key = `${this.config.prefix}:probe`;
        await inTime(this.#commands.eval(PROBE, 1, key), this.config.timeoutMs);
        this.#health.probed();
      } catch (error) {
        this.#health.failed(this.#printable(error), faultOf(error));
      }
    }
    this.#schedule();
  }

  /** What a server says may repeat what it was sent. */
  #printable(error: unknown): string {
    let text = error instanceof Error ? error.message : String(error);
    if (text === '' && error instanceof AggregateError) text = error.errors.map(String).join('; ');
    const { password, sentinelPassword } = this.config;
    for (const secret of [password, sentinelPassword]) {
      if (secret !== undefined && secret !== '') text = text.replaceAll(secret, '***');
    }
    return text;
  }
}

class Late extends Error {}

function faultOf(error: unknown): Fault {
  return error instanceof Late ? 'late' : 'refused';
}

/**
 * Fails when there is no answer in time. Answers that have arrived while this process itself was busy count as in time:
 * after the timer rings, the sockets are read once more.
 */
async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    setImmediate(() => setImmediate(() => reject(new Late(`no answer within ${timeoutMs} ms`))));
  }, timeoutMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    late.catch(() => {});
    answer.catch(() => {});
  }
}

function placeOf({ server, sentinels, master, tls, database }: SharedConfig): string {
  const scheme = tls === undefined ? 'redis' : 'rediss';
  if (server !== undefined) return `${scheme}://${server.host}:${server.port}/${database}`;
  return `${scheme} master ${master} of ${sentinels.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
}
