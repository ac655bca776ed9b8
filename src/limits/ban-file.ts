// Bans over a restart: one file, written whole some moments after a change. What cannot be read is set aside and told; a
// gateway starts without it rather than not at all.
import { type Ban, readBan } from './ban.ts';
import type { Bans } from './bans.ts';

/** Where it is kept: a storage that writes whole or not at all. */
export interface BanStorage {
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
  /** Resolves to where it is now. */
  setAside(key: string): Promise<string>;
}

export type TellBans = (level: 'info' | 'warn', message: string, facts: Readonly<Record<string, unknown>>) => void;

const KEY = 'bans/bans.json';
/** Between a change and its writing; longer when writing takes long, so that it stays a small part of the work. */
const DELAY_MS = 500;
const DELAY_FACTOR = 20;
/** One write that was slow must not put off the next for long. */
const LONGEST_DELAY_MS = 5_000;

export class BanFile {
  readonly #bans: Bans;
  readonly #storage: BanStorage;
  readonly #tell: TellBans;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isStale = false;
  #isLost = false;
  #delayMs = DELAY_MS;

  constructor(bans: Bans, storage: BanStorage, tell: TellBans) {
    this.#bans = bans;
    this.#storage = storage;
    this.#tell = tell;
  }

  /** Never fails. */
  async load(): Promise<void> {
    try {
      const text = await this.#storage.read(KEY);
      if (text === undefined) return;
      const kept = readFile(text);
      if (kept === undefined) {
        const place = await this.#storage.setAside(KEY);
        this.#tell('warn', 'the file of bans is damaged; nobody is banned by it, and it was set aside', { place });
        return;
      }
      for (const ban of kept) this.#bans.put(ban);
    } catch (error) {
      this.#tell('warn', 'the file of bans cannot be read; nobody is banned by it', { reason: messageOf(error) });
    }
  }

  /** What is known cannot be written at the moment. */
  get isLost(): boolean {
    return this.#isLost;
  }

  changed(): void {
    this.#isStale = true;
    this.#timer ??= setTimeout(() => void this.flush(), this.#delayMs).unref();
  }

  /** Writes what is not yet written. Never fails. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.#isStale) return;
    this.#isStale = false;
    const startedAt = performance.now();
    try {
      await this.#storage.write(KEY, `{"version":1,"bans":[\n${this.#bans.all().map(line).join(',\n')}\n]}\n`);
      this.#isLost = false;
    } catch (error) {
      this.#delayMs = LONGEST_DELAY_MS;
      this.changed();
      if (this.#isLost) return;
      this.#isLost = true;
      this.#tell('warn', 'the file of bans cannot be written; a restart would forget some', {
        reason: messageOf(error),
      });
      return;
    }
    this.#delayMs = Math.min(LONGEST_DELAY_MS, Math.max(DELAY_MS, (performance.now() - startedAt) * DELAY_FACTOR));
  }
}

function line(ban: Ban): string {
  return JSON.stringify(ban);
}

/** undefined: it is no such file. Single entries that cannot be read are left out. */
function readFile(text: string): Ban[] | undefined {
  try {
    const { version, bans } = JSON.parse(text) as { version?: unknown; bans?: unknown };
    if (version !== 1 || !Array.isArray(bans)) return undefined;
    return bans.flatMap((ban) => readBan(ban) ?? []);
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
