// Bans that all machines share, through the shared store: each change is kept there and told to the others at once, and who
// was away for a while catches up. Of two changes to one ban the later counts; that a ban was lifted is kept for as long as
// the ban would have lasted, so that nobody who was away brings it back.
import type { Redis } from 'ioredis';
import { BoundedMap } from '../base/bounded-map.ts';
import type { Shared } from '../shared/shared.ts';
import { type Ban, keyOf, readBan } from './ban.ts';
import type { BanChange, Bans } from './bans.ts';

/** What is kept and told of one ban. */
interface Entry {
  readonly key: string;
  /** When it was set or lifted: milliseconds since 1970. */
  readonly at: number;
  /** When nobody needs to know it any more. */
  readonly end: number;
  /** null: it was lifted. */
  readonly ban: Ban | null;
}

/** KEYS: entries, their ends, when they were made. ARGV: key, at, end, entry, now, most, channel. */
const KEEP = `
local past = redis.call('zrangebyscore', KEYS[2], '-inf', ARGV[5], 'limit', 0, 100)
if redis.call('zscore', KEYS[2], ARGV[1]) == false and redis.call('zcard', KEYS[2]) - #past >= tonumber(ARGV[6]) then
  past[#past + 1] = redis.call('zrange', KEYS[2], 0, 0)[1]
end
for _, key in ipairs(past) do
  redis.call('hdel', KEYS[1], key)
  redis.call('zrem', KEYS[2], key)
  redis.call('hdel', KEYS[3], key)
end
local known = redis.call('hget', KEYS[3], ARGV[1])
if known and tonumber(known) >= tonumber(ARGV[2]) then return 0 end
redis.call('hset', KEYS[1], ARGV[1], ARGV[4])
redis.call('zadd', KEYS[2], ARGV[3], ARGV[1])
redis.call('hset', KEYS[3], ARGV[1], ARGV[2])
redis.call('publish', ARGV[7], ARGV[4])
return 1
`;

/** All of them are many; nobody waits for them. */
const CATCH_UP_MS = 5000;
const SCAN_COUNT = 1000;
/** Changes sent at once while catching up. */
const AT_ONCE = 100;
/** Of lifted bans that the store has not heard of. */
const MAX_LIFTED = 10_000;

export class BanShare {
  readonly #bans: Bans;
  readonly #shared: Shared;
  readonly #keys: readonly string[];
  readonly #channel: string;
  readonly #onNews: () => void;
  /** Lifted here, by key. */
  readonly #lifted = new BoundedMap<Entry>(MAX_LIFTED);
  #catchingUp: Promise<void> | undefined;
  #isBehind = false;

  /** `onNews` hears when others have changed something. */
  constructor(bans: Bans, shared: Shared, onNews: () => void) {
    this.#bans = bans;
    this.#shared = shared;
    this.#onNews = onNews;
    const place = `${shared.config.prefix}:bans`;
    // In braces: one slot, should it be a cluster.
    this.#keys = [`{${place}}`, `{${place}}:ends`, `{${place}}:times`];
    this.#channel = place;
    shared.client.defineCommand('keepBan', { numberOfKeys: 3, lua: KEEP });
  }

  start(): void {
    this.#shared.subscribe(this.#channel, (message) => {
      if (this.#take(parsed(message))) this.#onNews();
    });
    this.#shared.onUp(() => void this.catchUp());
  }

  /** A change of this machine. What cannot be told now is told when the store is up again. */
  changed(change: BanChange): void {
    const entry = 'set' in change ? this.#entryOf(change.set) : this.#liftedEntry(change.lifted);
    if ('set' in change) this.#lifted.delete(entry.key);
    else this.#lifted.set(entry.key, entry);
    this.#keep(entry).catch(() => {});
  }

  /** Both ways: what the others know, and what they do not. Never fails. */
  catchUp(): Promise<void> {
    // What was missed while one was under way needs another.
    this.#isBehind = true;
    this.#catchingUp ??= this.#catchUp().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  async #catchUp(): Promise<void> {
    while (this.#isBehind) {
      this.#isBehind = false;
      await this.#exchange().catch(() => {});
    }
  }

  async #exchange(): Promise<void> {
    const known = new Map<string, number>();
    let hasNews = false;
    let cursor = '0';
    do {
      const [next, pairs] = await this.#shared.ask(
        (client) => client.hscan(this.#keys[0] as string, cursor, 'COUNT', SCAN_COUNT),
        CATCH_UP_MS,
      );
      cursor = next;
      for (let i = 1; i < pairs.length; i += 2) {
        const entry = parsed(pairs[i] as string);
        if (entry === undefined) continue;
        known.set(entry.key, entry.at);
        if (this.#take(entry)) hasNews = true;
      }
    } while (cursor !== '0');
    if (hasNews) this.#onNews();
    const own = [...this.#bans.all().map((ban) => this.#entryOf(ban)), ...[...this.#lifted].map(([, entry]) => entry)];
    const now = Date.now();
    const untold = own.filter(({ key, at, end }) => end > now && (known.get(key) ?? 0) < at);
    for (let i = 0; i < untold.length; i += AT_ONCE) {
      await Promise.all(untold.slice(i, i + AT_ONCE).map((entry) => this.#keep(entry, CATCH_UP_MS)));
    }
  }

  /** True: it was news. */
  #take(entry: Entry | undefined): boolean {
    if (entry === undefined) return false;
    const before = this.#bans.get(entry.key);
    const lifted = this.#lifted.get(entry.key);
    if (Math.max(before?.since ?? 0, lifted?.at ?? 0) >= entry.at) return false;
    if (entry.ban === null) {
      this.#lifted.set(entry.key, entry);
      return this.#bans.drop(entry.key);
    }
    this.#lifted.delete(entry.key);
    this.#bans.put(entry.ban);
    return true;
  }

  #keep({ key, at, end, ban }: Entry, timeoutMs?: number): Promise<unknown> {
    const text = JSON.stringify({ key, at, end, ban });
    const { max } = this.#bans.config;
    return this.#shared.ask(
      (client) => (client as Scripted).keepBan(...this.#keys, key, at, end, text, Date.now(), max, this.#channel),
      timeoutMs,
    );
  }

  #entryOf(ban: Ban): Entry {
    return { key: keyOf(ban), at: ban.since, end: ban.until + this.#bans.config.rememberMs, ban };
  }

  #liftedEntry(ban: Ban): Entry {
    return { ...this.#entryOf(ban), at: Math.max(Date.now(), ban.since + 1), ban: null };
  }
}

interface Scripted extends Redis {
  keepBan(...args: readonly (string | number)[]): Promise<unknown>;
}

/** What stands in the store may be anybody's writing. */
function parsed(text: string): Entry | undefined {
  try {
    const { key, at, end, ban } = JSON.parse(text) as Record<string, unknown>;
    if (typeof key !== 'string' || typeof at !== 'number' || typeof end !== 'number') return undefined;
    if (ban === null) return { key, at, end, ban };
    const read = readBan(ban);
    return read === undefined || keyOf(read) !== key || read.since !== at ? undefined : { key, at, end, ban: read };
  } catch {
    return undefined;
  }
}
