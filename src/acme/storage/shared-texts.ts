// The texts of a storage in the shared store: a hash for each folder, sealed where there is a secret. Whatever is found
// there may be anybody's writing: what is too large, of another kind or not ours is as if it were not there, and is told.
import path from 'node:path';
import type { Redis } from 'ioredis';
import { GatehouseError } from '../../base/errors.ts';
import type { Shared } from '../../shared/shared.ts';
import { noSeal, type Seal, sealBy } from './seal.ts';

/** A ledger is the largest by far. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const MAX_NEWS_CHARS = 64 * 1024;
const MAX_NAMES = 10_000;
const MAX_NAME_BYTES = 255;
/** Nobody's request waits for it. */
const ANSWER_MS = 2000;

/** KEYS: the folder. ARGV: name, most bytes. Answers nothing, the text, or how long it is when that is too long. */
const READ = `
if redis.call('type', KEYS[1]).ok ~= 'hash' then return false end
local size = redis.call('hstrlen', KEYS[1], ARGV[1])
if size > tonumber(ARGV[2]) then return size end
return redis.call('hget', KEYS[1], ARGV[1])
`;
/** KEYS: the folder. ARGV: name, text, whether only where there is none, channel, what to tell there. Answers 1 when written. */
const WRITE = `
local kind = redis.call('type', KEYS[1]).ok
if kind ~= 'hash' and kind ~= 'none' then redis.call('del', KEYS[1]) end
if ARGV[3] == '1' and redis.call('hexists', KEYS[1], ARGV[1]) == 1 then return 0 end
redis.call('hset', KEYS[1], ARGV[1], ARGV[2])
if ARGV[5] ~= '' then redis.call('publish', ARGV[4], ARGV[5]) end
return 1
`;
/** KEYS: the folder. ARGV: name, where to keep the text or nothing, channel, what to tell there. */
const REMOVE = `
if redis.call('type', KEYS[1]).ok ~= 'hash' then return 0 end
local text = redis.call('hget', KEYS[1], ARGV[1])
if text and ARGV[2] ~= '' then redis.call('hset', KEYS[1], ARGV[2], text) end
redis.call('hdel', KEYS[1], ARGV[1])
if ARGV[4] ~= '' then redis.call('publish', ARGV[3], ARGV[4]) end
return 1
`;
/** KEYS: the folder. ARGV: most names, most bytes of one. */
const LIST = `
local names = {}
if redis.call('type', KEYS[1]).ok ~= 'hash' then return names end
for _, name in ipairs(redis.call('hkeys', KEYS[1])) do
  if #names < tonumber(ARGV[1]) and #name <= tonumber(ARGV[2]) then names[#names + 1] = name end
end
return names
`;

/** What is told of a text: that it has changed, or what it is; null: it has gone. */
export interface News {
  readonly key: string;
  readonly text?: string | null;
}

/** refused: what is there is in the way. */
export type Found = { readonly text: string } | 'none' | 'refused';

/** `text`: with what it is, for those who cannot wait until they ask. */
export type Telling = 'nothing' | 'key' | 'text';

export interface WriteWish {
  readonly tell: Telling;
  /** Leaves alone what is there. */
  readonly isNew?: boolean;
}

export class SharedTexts {
  readonly place: string;
  readonly #shared: Shared;
  readonly #seal: Seal;
  readonly #prefix: string;
  readonly #warn: (message: string) => void;

  /** `warn` hears of what is refused. */
  constructor(shared: Shared, warn: (message: string) => void) {
    const { prefix, secret } = shared.config;
    this.place = shared.place;
    this.#shared = shared;
    this.#warn = warn;
    this.#prefix = `${prefix}:storage`;
    this.#seal = secret === undefined ? noSeal : sealBy(secret, prefix);
    const scripts = { readText: READ, writeText: WRITE, removeText: REMOVE, listTexts: LIST };
    for (const [name, lua] of Object.entries(scripts)) shared.client.defineCommand(name, { numberOfKeys: 1, lua });
  }

  /** Every method fails with a GatehouseError `storage_failed`, and with nothing else. */
  async read(key: string): Promise<Found> {
    const found = await this.#ask('read', (client) => client.readText(...this.#at(key), MAX_TEXT_BYTES));
    if (found === null) return 'none';
    if (typeof found === 'number') return this.refuse(key, `it is ${found} bytes long`);
    const opened = this.#seal.open(key, found);
    if (opened === 'foreign') {
      const message = `${key} in ${this.place} is sealed under another secret: shared.secret must be the same on all machines.`;
      throw failed(message, new Error('sealed'));
    }
    return opened === 'broken' ? this.refuse(key, 'it is not sealed with shared.secret, or was altered') : opened;
  }

  /** False when there was one already and it was to be left alone. */
  async write(key: string, text: string, { tell, isNew = false }: WriteWish): Promise<boolean> {
    const sealed = this.#seal.close(key, text);
    if (Buffer.byteLength(sealed) > MAX_TEXT_BYTES) throw failed(`${key} is too long to be shared.`, new Error('long'));
    const news = tell === 'nothing' ? '' : JSON.stringify(tell === 'key' ? { key } : { key, text: sealed });
    const wish = [isNew ? 1 : 0, this.#prefix, news];
    return (await this.#ask('written', (client) => client.writeText(...this.#at(key), sealed, ...wish))) === 1;
  }

  /** `aside`: the key under which it stays for people to look at. */
  async remove(key: string, tell: Telling, aside?: string): Promise<void> {
    const kept = aside === undefined ? '' : path.basename(aside);
    const news = tell === 'nothing' ? '' : JSON.stringify({ key, text: null });
    await this.#ask('written', (client) => client.removeText(...this.#at(key), kept, this.#prefix, news));
  }

  /** At most ten thousand. */
  async list(folder: string): Promise<string[]> {
    const names = await this.#ask('read', (client) =>
      client.listTexts(`${this.#prefix}:${folder}`, MAX_NAMES, MAX_NAME_BYTES),
    );
    return names.map((name) => `${folder}/${name}`);
  }

  /**
   * What other processes tell, of which anything may be untrue; `isBack` when something may have been missed, again when it
   * fails though there is a connection.
   */
  hear(hear: (news: News) => void, isBack: () => Promise<void>): void {
    this.#shared.subscribe(this.#prefix, (message) => {
      const news = readNews(message);
      if (news === undefined) return;
      if (typeof news.text !== 'string') return hear(news);
      const opened = this.#seal.open(news.key, news.text);
      if (typeof opened === 'object') hear({ key: news.key, text: opened.text });
    });
    const catchUp = (): void => {
      isBack().catch(() => {
        if (this.#shared.isUp) setTimeout(catchUp, ANSWER_MS).unref();
      });
    };
    this.#shared.onUp(catchUp);
  }

  refuse(key: string, why: string): 'refused' {
    this.#warn(`${key} in ${this.place} counts for nothing: ${why}`);
    return 'refused';
  }

  #at(key: string): [string, string] {
    return [`${this.#prefix}:${path.dirname(key)}`, path.basename(key)];
  }

  async #ask<T>(what: string, question: (client: Scripted) => Promise<T>): Promise<T> {
    try {
      return await this.#shared.ask((client) => question(client as Scripted), ANSWER_MS);
    } catch (cause) {
      throw failed(`The shared store ${this.place} cannot be ${what} (${(cause as Error).message}).`, cause);
    }
  }
}

function failed(message: string, cause: unknown): GatehouseError {
  return new GatehouseError('storage_failed', 'gateway', message, { cause });
}

/** Undefined for what is no news of ours. */
export function readNews(message: string): News | undefined {
  if (message.length > MAX_NEWS_CHARS) return undefined;
  try {
    const { key, text } = JSON.parse(message) as Record<string, unknown>;
    if (typeof key !== 'string') return undefined;
    if (text === undefined) return { key };
    return text === null || typeof text === 'string' ? { key, text } : undefined;
  } catch {
    return undefined;
  }
}

interface Scripted extends Redis {
  readText(folder: string, name: string, most: number): Promise<string | number | null>;
  writeText(folder: string, name: string, ...rest: readonly (string | number)[]): Promise<number>;
  removeText(folder: string, name: string, ...rest: readonly string[]): Promise<number>;
  listTexts(folder: string, names: number, bytes: number): Promise<string[]>;
}
