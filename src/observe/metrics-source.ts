// What the figures are made of: each room's own counts and states, as it is asked for them at a scrape. Nothing of
// Prometheus is in here.

/** What is asked at each scrape. Times are in ms since 1970. */
export interface MetricsSource {
  readonly version: string;
  /** False: the last reload was refused. */
  isConfigCurrent(): boolean;
  load(): { readonly connections: number; readonly requests: number };
  /** Answers by class of status, such as `2xx`. */
  statuses(): Iterable<readonly [string, number]>;
  /** Every server of every group; one that is in two groups is there twice. */
  servers(): Iterable<ServerFigures>;
  /** Requests that the gateway itself refused, by reason. */
  refusals(): Iterable<readonly [string, number]>;
  /** Connections that the gateway closed for what their client did, by reason. */
  closures(): Iterable<readonly [string, number]>;
  /** What clients are shown, by each name that the configuration serves. */
  served(): Iterable<{ readonly name: string; readonly source: string; readonly notAfterMs: number }>;
  /** How many ordered certificates are in each state. */
  states(): Iterable<readonly [string, number]>;
  /** Of those, the ones that the configuration names. */
  managed(): Iterable<ManagedFigures>;
  orders(): Iterable<OrderFigures>;
  challenges(): Iterable<readonly [string, number]>;
  limits(): Iterable<LimitFigures>;
  bans(): BanFigures;
  /** Of each site that has one. */
  caches(): Iterable<CacheFigures>;
  /** undefined: nothing is shared. */
  shared(): SharedFigures | undefined;
  /** What is not as it should be, by kind; all kinds. */
  remarks(): Iterable<readonly [RemarkKind, number]>;
}

export type RemarkKind = (typeof REMARK_KINDS)[number];
export const REMARK_KINDS = ['shared', 'reload', 'records', 'bans', 'certificate', 'upstream', 'descriptors'] as const;

export interface SharedFigures {
  readonly isUp: boolean;
  readonly asked: number;
  /** Of those: not answered in time, and counted here instead. */
  readonly failed: number;
}

export interface LimitFigures {
  readonly site: string;
  readonly name: string;
  readonly refused: number;
  readonly delayed: number;
}

export interface CacheFigures {
  readonly site: string;
  readonly entries: number;
  readonly bytes: number;
  readonly evicted: number;
  /** By how they were answered. */
  readonly requests: Iterable<readonly [string, number]>;
}

export interface BanFigures {
  readonly inForce: number;
  /** How many were set, by cause. */
  readonly set: Iterable<readonly [string, number]>;
  /** Requests and connections. */
  readonly turnedAway: number;
}

export interface ServerFigures {
  /** The group's name. */
  readonly upstream: string;
  /** Scheme, host and port. */
  readonly server: string;
  readonly isUp: boolean;
  /** Requests under way, those that wait for a connection among them. */
  readonly load: number;
  readonly waiting: number;
  readonly connections: number;
}

export interface ManagedFigures {
  readonly name: string;
  readonly renewAtMs: number | undefined;
  readonly isFailing: boolean;
  /** Only while failing. */
  readonly nextTryMs: number | undefined;
}

export interface OrderFigures {
  readonly authority: string;
  readonly result: 'issued' | 'failed';
  /** Of the failure; empty when there was none. */
  readonly kind: string;
  readonly count: number;
}
