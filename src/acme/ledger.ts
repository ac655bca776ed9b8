// What we have asked of an authority lately, so that its published limits are kept by us and never found out.
import { getDomain } from 'tldts';
import type { Limit, Limits } from './known.ts';
import type { Storage } from './storage/storage.ts';

const LOCK_TIMEOUT_MS = 10_000;
/** More than any limit counts; the oldest go first. */
const MAX_ENTRIES = 5000;

export interface LedgerEntry {
  readonly atMs: number;
  readonly what: 'order' | 'certificate' | 'failure';
  readonly name: string;
}

/** What stands in the way. */
export interface Hold {
  /** Ms since 1970. */
  readonly untilMs: number;
  readonly why: string;
}

export interface LimitUsage {
  /** When another is allowed; undefined: now. Ms since 1970. */
  readonly untilMs: number | undefined;
  readonly inWords: string;
}

export class Ledger {
  readonly #storage: Storage;
  readonly #authorityId: string;
  readonly #limits: Limits | undefined;

  /** Without limits nothing is noted and nothing held. */
  constructor(storage: Storage, authorityId: string, limits: Limits | undefined) {
    this.#storage = storage;
    this.#authorityId = authorityId;
    this.#limits = limits;
  }

  /** Whether an order for the name would break a limit now. Renewals on the authority's advice are exempt from all. */
  async hold(name: string, nowMs: number): Promise<Hold | undefined> {
    return (await this.usage(name, nowMs))
      .flatMap(({ untilMs, inWords }) => (untilMs === undefined ? [] : [{ untilMs, why: inWords }]))
      .toSorted((a, b) => b.untilMs - a.untilMs)
      .at(0);
  }

  /** How far each limit is used up, as far as an order for the name is concerned; none when no limits are known. */
  async usage(name: string, nowMs: number): Promise<LimitUsage[]> {
    if (this.#limits === undefined) return [];
    const entries = await this.entries();
    const domain = domainOf(name);
    const { orders, certificatesPerDomain, duplicates, failures } = this.#limits;
    const belowDomain = of(entries, 'certificate').filter((entry) => domainOf(entry.name) === domain);
    return [
      usageOf(orders, of(entries, 'order'), nowMs, 'orders of one account'),
      usageOf(certificatesPerDomain, belowDomain, nowMs, `certificates below ${domain}`),
      usageOf(duplicates, named(of(entries, 'certificate'), name), nowMs, `certificates for ${name}`),
      usageOf(failures, named(of(entries, 'failure'), name), nowMs, `failed validations of ${name}`),
    ];
  }

  async note(what: LedgerEntry['what'], name: string, nowMs: number): Promise<void> {
    if (this.#limits === undefined) return;
    const longestMs = Math.max(...Object.values(this.#limits).map(({ windowMs }: Limit) => windowMs));
    const lock = await this.#storage.lock(`ledger-${this.#authorityId}`, AbortSignal.timeout(LOCK_TIMEOUT_MS));
    try {
      const kept = (await this.entries()).filter(({ atMs }) => nowMs - atMs < longestMs && atMs <= nowMs);
      const entries = [...kept, { atMs: nowMs, what, name }].slice(-MAX_ENTRIES);
      await this.#storage.write(this.#key, `${JSON.stringify(entries)}\n`);
    } finally {
      await lock.release();
    }
  }

  /** Oldest first. A damaged ledger is an empty one. */
  async entries(): Promise<LedgerEntry[]> {
    try {
      const entries: unknown = JSON.parse((await this.#storage.read(this.#key)) ?? '[]');
      return Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  }

  get #key(): string {
    return `acme/${this.#authorityId}/ledger.json`;
  }
}

function usageOf(limit: Limit, entries: readonly LedgerEntry[], nowMs: number, what: string): LimitUsage {
  const recent = entries.filter(({ atMs }) => nowMs - atMs < limit.windowMs && atMs <= nowMs);
  const hours = limit.windowMs / 3_600_000;
  const window = hours >= 48 ? `${hours / 24} days` : `${hours} h`;
  // When the oldest of the last `count` leaves the window, another is allowed.
  const oldest = recent.length < limit.count ? undefined : recent.at(-limit.count);
  return {
    untilMs: oldest && oldest.atMs + limit.windowMs,
    inWords: `${recent.length} ${what} in ${window}, the most is ${limit.count}`,
  };
}

function of(entries: readonly LedgerEntry[], what: LedgerEntry['what']): LedgerEntry[] {
  return entries.filter((entry) => entry.what === what);
}

function named(entries: readonly LedgerEntry[], name: string): LedgerEntry[] {
  return entries.filter((entry) => entry.name === name);
}

/** The domain that somebody registered (`example.co.uk`); an address or an odd name stands for itself. */
function domainOf(name: string): string {
  return getDomain(name.replace(/^\*\./, ''), { allowPrivateDomains: true }) ?? name;
}

function isEntry(value: unknown): value is LedgerEntry {
  const { atMs, what, name } = (value ?? {}) as Partial<Record<keyof LedgerEntry, unknown>>;
  return typeof atMs === 'number' && typeof what === 'string' && typeof name === 'string';
}
