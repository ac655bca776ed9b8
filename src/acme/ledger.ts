// What we have asked of an authority lately, so that its published limits are kept by us and never found out.
import { getDomain } from 'tldts';
import type { Limit, Limits } from './known.ts';
import type { Storage } from './storage/storage.ts';

const LOCK_TIMEOUT_MS = 10_000;
/** More than any limit counts; the oldest go first. */
const MAX_ENTRIES = 5000;
/** An order that takes longer is most likely dead. */
const PENDING_MS = 600_000;
/** Of machines that share the storage. What lies further ahead was written under a clock that was wrong. */
const SKEW_MS = 60_000;

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

  /**
   * Whether an order for the name would break a limit now; if not, the order is noted in the same step, so that of many at
   * once none slips through. Renewals on the authority's advice are exempt from all limits and are not to come here.
   */
  admit(name: string, nowMs: number): Promise<Hold | undefined> {
    return this.#changing(nowMs, (entries) => {
      const hold = holdOf(usagesOf(this.#limits as Limits, entries, name, nowMs));
      return { hold, more: hold === undefined ? [{ atMs: nowMs, what: 'order', name }] : [] };
    });
  }

  /** How far each limit is used up, as far as an order for the name is concerned; none when no limits are known. */
  async usage(name: string, nowMs: number): Promise<LimitUsage[]> {
    return this.#limits === undefined ? [] : usagesOf(this.#limits, await this.entries(), name, nowMs);
  }

  async note(what: LedgerEntry['what'], name: string, nowMs: number): Promise<void> {
    await this.#changing(nowMs, () => ({ hold: undefined, more: [{ atMs: nowMs, what, name }] }));
  }

  async #changing(
    nowMs: number,
    change: (entries: readonly LedgerEntry[]) => { hold: Hold | undefined; more: LedgerEntry[] },
  ): Promise<Hold | undefined> {
    if (this.#limits === undefined) return undefined;
    const longestMs = Math.max(...Object.values(this.#limits).map(({ windowMs }: Limit) => windowMs));
    const lock = await this.#storage.lock(`ledger-${this.#authorityId}`, AbortSignal.timeout(LOCK_TIMEOUT_MS));
    try {
      const entries = (await this.entries()).filter(({ atMs }) => nowMs - atMs < longestMs && atMs <= nowMs + SKEW_MS);
      const { hold, more } = change(entries);
      const text = `${JSON.stringify([...entries, ...more].slice(-MAX_ENTRIES))}\n`;
      if (more.length > 0) await this.#storage.write(this.#key, text);
      return hold;
    } finally {
      await lock.release();
    }
  }

  /** Oldest first. A damaged ledger is an empty one. */
  async entries(): Promise<LedgerEntry[]> {
    return readEntries(await this.#storage.read(this.#key));
  }

  get #key(): string {
    return `acme/${this.#authorityId}/ledger.json`;
  }
}

export function readEntries(text: string | undefined): LedgerEntry[] {
  try {
    const entries: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return [];
  }
}

/** The one that lasts longest. */
function holdOf(usages: readonly LimitUsage[]): Hold | undefined {
  return usages
    .flatMap(({ untilMs, inWords }) => (untilMs === undefined ? [] : [{ untilMs, why: inWords }]))
    .toSorted((a, b) => b.untilMs - a.untilMs)
    .at(0);
}

function usagesOf(limits: Limits, entries: readonly LedgerEntry[], name: string, nowMs: number): LimitUsage[] {
  const domain = domainOf(name);
  const certificates = [...of(entries, 'certificate'), ...pending(entries, nowMs)].toSorted((a, b) => a.atMs - b.atMs);
  const below = certificates.filter((entry) => domainOf(entry.name) === domain);
  return [
    usageOf(limits.orders, of(entries, 'order'), nowMs, 'orders of one account'),
    usageOf(limits.certificatesPerDomain, below, nowMs, `certificates below ${domain}`),
    usageOf(limits.duplicates, named(certificates, name), nowMs, `certificates for ${name}`),
    usageOf(limits.failures, named(of(entries, 'failure'), name), nowMs, `failed validations of ${name}`),
  ];
}

/** Orders of the last minutes that have come to nothing yet: each may become a certificate. */
function pending(entries: readonly LedgerEntry[], nowMs: number): LedgerEntry[] {
  return entries.filter(({ what, name, atMs }, index) => {
    if (what !== 'order' || nowMs - atMs > PENDING_MS) return false;
    return !entries.slice(index + 1).some((later) => later.name === name);
  });
}

function usageOf(limit: Limit, entries: readonly LedgerEntry[], nowMs: number, what: string): LimitUsage {
  const recent = entries.filter(({ atMs }) => nowMs - atMs < limit.windowMs);
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
  return Number.isFinite(atMs) && typeof what === 'string' && typeof name === 'string';
}
