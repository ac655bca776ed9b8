// The running gateway's figures, as monitoring asks for them (`observe/metrics.ts`).
import type { ManagedStatus } from '../acme/status.ts';
import type { OrderCount } from '../acme/tally.ts';
import type { ReloadState } from '../admin/control.ts';
import type { Gateway } from '../gateway/gateway.ts';
import {
  type BanFigures,
  type CacheFigures,
  type LimitFigures,
  type ManagedFigures,
  type MetricsSource,
  REMARK_KINDS,
  type RemarkKind,
  type ServerFigures,
  type SharedFigures,
} from '../observe/metrics-source.ts';
import { normalName } from '../tls/names.ts';
import { DEFAULT_SITE } from '../tls/plan.ts';
import { nextTryOf } from './managed.ts';
import { remarksOf } from './remarks.ts';
import { VERSION } from './self.ts';

export class GatewayFigures implements MetricsSource {
  readonly version: string = VERSION;
  readonly #gateway: Gateway;
  readonly #reloads: { readonly state: ReloadState | undefined };

  constructor(gateway: Gateway, reloads: { readonly state: ReloadState | undefined }) {
    this.#gateway = gateway;
    this.#reloads = reloads;
  }

  isConfigCurrent(): boolean {
    return this.#reloads.state?.ok !== false;
  }

  load(): { connections: number; requests: number } {
    return this.#gateway.load;
  }

  statuses(): Iterable<readonly [string, number]> {
    return this.#gateway.records.statuses.entries();
  }

  *servers(): Iterable<ServerFigures> {
    for (const [upstream, { servers }] of this.#gateway.runtime.upstreams) {
      for (const { origin, condition, load, waiting, connections } of servers) {
        yield { upstream, server: origin, isUp: condition.state === 'up', load, waiting, connections };
      }
    }
  }

  refusals(): Iterable<readonly [string, number]> {
    return this.#gateway.records.refusals.entries();
  }

  closures(): Iterable<readonly [string, number]> {
    return this.#gateway.records.closures.entries();
  }

  *served(): Iterable<{ name: string; source: string; notAfterMs: number }> {
    const { config, certificates } = this.#gateway.runtime;
    for (const site of config.sites) {
      for (const name of [site.name, ...site.aliases]) {
        const certificate = name === DEFAULT_SITE ? certificates.default : certificates.select(name);
        if (certificate === undefined) continue;
        yield { name, source: kindOf(certificate.source), notAfterMs: certificate.notAfter.getTime() };
      }
    }
  }

  *managed(): Iterable<ManagedFigures> {
    const { sites } = this.#gateway.runtime.config;
    const named = new Set(sites.flatMap((site) => [site.name, ...site.aliases]).map(normalName));
    for (const status of this.#gateway.keeper?.status() ?? []) {
      const { name, renewAt, failure } = status;
      // Names on demand are as many as clients like to ask for.
      if (!named.has(name)) continue;
      const nextTryMs = parsed(nextTryOf(status));
      yield { name, renewAtMs: parsed(renewAt), isFailing: failure !== undefined, nextTryMs };
    }
  }

  states(): Iterable<readonly [string, number]> {
    const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
    for (const { state } of this.#gateway.keeper?.status() ?? []) counts.set(state, (counts.get(state) ?? 0) + 1);
    return counts;
  }

  orders(): Iterable<OrderCount> {
    return this.#gateway.keeper?.tally.orders ?? [];
  }

  challenges(): Iterable<readonly [string, number]> {
    return this.#gateway.keeper?.tally.challenges ?? [];
  }

  limits(): Iterable<LimitFigures> {
    return this.#gateway.runtime.limits.tallies;
  }

  *caches(): Iterable<CacheFigures> {
    for (const { name, store, counts } of this.#gateway.runtime.caches.sites) {
      const { hit, stale, revalidated, collapsed, miss, pass } = counts;
      const requests = Object.entries({ hit, stale, revalidated, collapsed, miss, pass });
      yield { site: name, entries: store.entries, bytes: store.bytes, evicted: store.evicted, requests };
    }
  }

  shared(): SharedFigures | undefined {
    const { shared } = this.#gateway;
    if (shared === undefined) return undefined;
    const { asked, failed } = shared.status;
    return { isUp: shared.isUp, asked, failed };
  }

  remarks(): Iterable<readonly [RemarkKind, number]> {
    const all = remarksOf(this.#gateway, this.#reloads.state);
    return REMARK_KINDS.map((of) => [of, all.filter(({ kind }) => kind === of).length] as const);
  }

  bans(): BanFigures {
    const { bans } = this.#gateway.runtime.limits;
    return { inForce: bans.list().length, set: bans.tally, turnedAway: bans.turnedAway };
  }
}

const STATES: readonly ManagedStatus['state'][] = ['ready', 'working', 'waiting', 'failing'];

/** A path as a label would be another series with each move of the file. */
function kindOf(source: string): string {
  return source === 'acme' || source === 'internal' ? source : 'file';
}

function parsed(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
