// A named group of servers: what a configuration says of it, and what lives on from one configuration to the next.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import type { UpstreamConfig } from '../config/model/upstreams.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { Lookup } from './addresses.ts';
import { systemLookup } from './addresses.ts';
import { Backend } from './backend.ts';
import type { MakeCall, Wish } from './dispatch.ts';
import { Dispatch, NO_WISH } from './dispatch.ts';
import { HealthCheck } from './health-check.ts';
import type { UpgradeResult } from './http1/upgrade.ts';
import type { PoolSettings } from './pool.ts';
import { keyReader } from './request-key.ts';
import { Retries } from './retries.ts';
import type { ServerChange } from './roster.ts';
import { Roster } from './roster.ts';
import { Sticky } from './sticky.ts';

export interface UpstreamOptions {
  /** `timeouts.upstream`. */
  readonly timeoutMs: number;
  /** Signs sticky cookies where the configuration has no secret for them. */
  readonly secret?: string | undefined;
  readonly clock?: Clock;
  readonly lookup?: Lookup;
}

const NO_CHECKS: ReadonlyMap<Backend, HealthCheck> = new Map();

export class Upstream {
  readonly config: UpstreamConfig;
  readonly backends: readonly Backend[];
  /** Undefined: no cookie. */
  readonly sticky: Sticky<Backend> | undefined;
  readonly #options: UpstreamOptions;
  readonly #clock: Clock;
  readonly #roster: Roster;
  readonly #dispatch: Dispatch;
  readonly #keyOf: ((x: Exchange) => number) | undefined;
  #checks: ReadonlyMap<Backend, HealthCheck> = NO_CHECKS;
  /** Closed with this group: its servers, until another group has taken them over. */
  #owned: readonly Backend[];
  /** Of the groups before: servers that finish what they were given. */
  #leaving: readonly Backend[] = [];
  #isStarted = false;

  constructor(config: UpstreamConfig, options: UpstreamOptions, before?: Upstream) {
    this.config = config;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.backends = makeBackends(config, options, this.#clock, before);
    this.#owned = this.backends;
    this.#roster = new Roster(this.backends, config);
    this.#checks = makeChecks(config, this.backends, this.#clock, before === undefined ? NO_CHECKS : before.#checks);
    this.#dispatch = new Dispatch(config.name, this.#roster, new Retries(config.retries, this.#clock));
    this.#keyOf = config.balance === 'hash' ? keyReader(config.hash.on) : undefined;
    const secret = config.sticky?.secret ?? options.secret;
    if (config.sticky !== undefined && secret !== undefined)
      this.sticky = new Sticky(config.sticky, secret, config.name, this.backends);
  }

  /** Where a request would best go. */
  wishOf(x: Exchange): Wish {
    const { client, upload, connection: origin } = x;
    return { key: this.#keyOf?.(x) ?? 0, backend: this.sticky?.find(x.request.headers), client, upload, origin };
  }

  /**
   * The Set-Cookie that goes with an answer of `answered`; undefined: the client has one for there, or it belongs to `home`,
   * which has had no room for it, and not failed it, and is there for the next request.
   */
  cookieAfter(answered: Backend, home: Backend | undefined, hasFailed: boolean): string | undefined {
    if (answered === home || (home !== undefined && !hasFailed && this.#roster.has(home))) return undefined;
    return this.sticky?.setCookie(answered);
  }

  /** Calls `makeCall` for the server chosen, once for each attempt, and sends what it returns. */
  send(makeCall: MakeCall, wish: Wish = NO_WISH): Promise<Reply> {
    return this.#dispatch.send(makeCall, wish);
  }

  upgrade(makeCall: MakeCall, protocol: string, wish: Wish = NO_WISH): Promise<UpgradeResult> {
    return this.#dispatch.upgrade(makeCall, protocol, wish);
  }

  /** Begins to look after the servers: checks, and the addresses of names. Nothing of it keeps the process alive. */
  start(onChange: (change: ServerChange) => void = () => {}): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#roster.onChange = onChange;
    for (const backend of this.backends) backend.start();
    for (const check of this.#checks.values()) check.start();
  }

  /** Whether it is what this configuration says, so that nothing need be done. */
  isAs(config: UpstreamConfig, { timeoutMs, secret }: UpstreamOptions): boolean {
    const { timeoutMs: knownMs, secret: known } = this.#options;
    return timeoutMs === knownMs && secret === known && isDeepStrictEqual(config, this.config);
  }

  /**
   * The same group by another configuration. Servers whose URL stays, and how they are spoken to, live on with their
   * connections and all that is known of them, also those that left and are not done yet; the others finish what they were
   * given. From now on this group answers only for the requests that it has begun with.
   */
  succeed(config: UpstreamConfig, options: Partial<UpstreamOptions> = {}): Upstream {
    const next = new Upstream(config, { ...this.#options, ...options }, this);
    const left = this.#owned.filter((backend) => !next.backends.includes(backend));
    this.#owned = left;
    next.#leaving = [...this.#leaving, ...left].filter((backend) => !next.backends.includes(backend));
    this.#checks = new Map([...this.#checks].filter(([backend, check]) => next.#checks.get(backend) !== check));
    for (const backend of left) backend.condition.leave();
    this.close();
    this.#owned = [];
    if (config.health === undefined) for (const { condition } of next.backends) condition.checked(undefined);
    if (this.#isStarted) next.start(this.#roster.onChange);
    return next;
  }

  /** For people: every server of it, and those before it that still have something to finish. */
  get servers(): readonly Backend[] {
    this.#leaving = this.#leaving.filter(({ load }) => load > 0);
    return [...this.backends, ...this.#leaving];
  }

  /** Idle connections go now, busy ones with their last answer. */
  close(): void {
    for (const check of this.#checks.values()) check.stop();
    for (const backend of this.#owned) backend.close();
  }
}

/** A server that is known already, and spoken to as before, is the same one. */
function makeBackends(
  config: UpstreamConfig,
  { timeoutMs, lookup = systemLookup }: UpstreamOptions,
  clock: Clock,
  before: Upstream | undefined,
): Backend[] {
  const settings: PoolSettings = { ...config, timeoutMs };
  return config.servers.map((server) => {
    const known = before?.servers.find(({ id, settings: its }) => id === server.url && isSpokenToAlike(its, settings));
    if (known !== undefined) {
      known.adopt(server, settings);
      return known;
    }
    const backend = new Backend(server, settings, { clock, lookup });
    if (before !== undefined) backend.condition.beginSlowly();
    return backend;
  });
}

/** A server that is known already is checked on, and what checks have counted is known as long as their settings stay. */
function makeChecks(
  { health }: UpstreamConfig,
  backends: readonly Backend[],
  clock: Clock,
  before: ReadonlyMap<Backend, HealthCheck>,
): ReadonlyMap<Backend, HealthCheck> {
  if (health === undefined) return NO_CHECKS;
  const make = (backend: Backend): HealthCheck =>
    new HealthCheck(health, backend.condition, (settings, signal) => backend.probe(settings, signal), clock);
  return new Map(backends.map((backend) => [backend, before.get(backend)?.succeed(health) ?? make(backend)]));
}

function isSpokenToAlike(a: PoolSettings, b: PoolSettings): boolean {
  return a.protocol === b.protocol && a.resolveEveryMs === b.resolveEveryMs && isDeepStrictEqual(a.tls, b.tls);
}
