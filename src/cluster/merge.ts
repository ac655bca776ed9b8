// Several workers' answers as one. The first is that of the worker that leads.
import type { CacheStatus, ServerStatus, Status } from '../admin/control.ts';
import type { ExceptionFigures, ShadowReport } from '../admin/rules-control.ts';

/** At least one. What must be the same everywhere is taken from the first. */
export function mergeStatus(all: readonly Status[]): Status {
  const [first] = all as [Status, ...Status[]];
  return {
    ...first,
    remarks: [...new Set(all.flatMap(({ remarks }) => remarks))],
    load: {
      connections: sum(all, ({ load }) => load.connections),
      requests: sum(all, ({ load }) => load.requests),
    },
    upstreams: first.upstreams.map(({ name, servers }) => ({
      name,
      servers: servers.map((server) => mergeServer(all.flatMap((status) => same(status, name, server)))),
    })),
  };
}

function same({ upstreams }: Status, group: string, { url }: ServerStatus): readonly ServerStatus[] {
  return upstreams
    .filter(({ name }) => name === group)
    .flatMap(({ servers }) => servers.filter((each) => each.url === url));
}

/** What one of them finds wrong is told; each looks for itself. */
function mergeServer(all: readonly ServerStatus[]): ServerStatus {
  const shown = all.find(({ state }) => state !== 'up') ?? (all[0] as ServerStatus);
  return {
    ...shown,
    share: sum(all, ({ share }) => share) / all.length,
    load: sum(all, ({ load }) => load),
    queue: sum(all, ({ queue }) => queue),
    connections: sum(all, ({ connections }) => connections),
  };
}

export function mergeCaches(all: readonly (readonly CacheStatus[])[]): CacheStatus[] {
  const merged = new Map<string, CacheStatus>();
  for (const cache of all.flat()) {
    const known = merged.get(cache.site);
    merged.set(cache.site, known === undefined ? cache : mergeCache(known, cache));
  }
  return [...merged.values()];
}

function mergeCache(one: CacheStatus, other: CacheStatus): CacheStatus {
  const { site, store, ...counts } = one;
  const merged = Object.entries(counts).map(([name, count]): [string, number] => {
    const more = other[name as keyof typeof counts];
    const isOfTheDisk = store === 'disk' && (name === 'entries' || name === 'bytes');
    return [name, isOfTheDisk ? Math.max(count, more) : count + more];
  });
  return { site, store, ...(Object.fromEntries(merged) as typeof counts) };
}

export function mergeExceptions(all: readonly (readonly ExceptionFigures[])[]): ExceptionFigures[] {
  return byPlace(all, (one, other) => ({
    ...one,
    count: one.count + other.count,
    since: one.since < other.since ? one.since : other.since,
    lastAt:
      [one.lastAt, other.lastAt]
        .filter((at) => at !== null)
        .toSorted()
        .at(-1) ?? null,
    hasExpired: one.hasExpired || other.hasExpired,
  }));
}

export function mergeShadows(all: readonly (readonly ShadowReport[])[]): ShadowReport[] {
  return byPlace(all, (one, other) => ({
    ...one,
    since: one.since < other.since ? one.since : other.since,
    sites: [...new Set([...one.sites, ...other.sites])],
    judged: one.judged + other.judged,
    dropped: one.dropped + other.dropped,
    failed: one.failed + other.failed,
    stops: one.stops + other.stops,
    passes: one.passes + other.passes,
    groups: mergeGroups(one.groups, other.groups),
    otherGroups: one.otherGroups + other.otherGroups,
    finds: one.finds === null || other.finds === null ? null : one.finds + other.finds,
  }));
}

type Groups = ShadowReport['groups'];

function mergeGroups(one: Groups, other: Groups): Groups {
  const merged = new Map(one.map((group) => [keyOf(group), group]));
  for (const group of other) {
    const known = merged.get(keyOf(group));
    merged.set(keyOf(group), known === undefined ? group : mergeGroup(known, group));
  }
  return [...merged.values()].toSorted((a, b) => b.good - a.good || b.count - a.count);
}

function mergeGroup(one: Groups[number], other: Groups[number]): Groups[number] {
  const samples = [...one.samples, ...other.samples].slice(0, Math.max(one.samples.length, other.samples.length));
  return { ...one, count: one.count + other.count, good: one.good + other.good, samples };
}

function keyOf({ change, rule, field, path }: Groups[number]): string {
  return `${change} ${rule} ${field} ${path}`;
}

function byPlace<T extends { readonly file: string; readonly line: number; readonly rule?: number | null }>(
  all: readonly (readonly T[])[],
  merge: (one: T, other: T) => T,
): T[] {
  const merged = new Map<string, T>();
  for (const each of all.flat()) {
    const key = `${each.file}:${each.line} ${each.rule ?? ''}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? each : merge(known, each));
  }
  return [...merged.values()];
}

function sum<T>(all: readonly T[], read: (each: T) => number): number {
  return all.reduce((total, each) => total + read(each), 0);
}
