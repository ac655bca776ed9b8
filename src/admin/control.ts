// What an operator can ask a running gateway. This room says what there is to ask; whoever runs the
// gateway answers.
import type { Renewed } from '../acme/keeper.ts';
import type { ManagedStatus } from '../acme/status.ts';
import type { Problem } from '../base/errors.ts';
import type { Maybe, RulesControl } from './rules-control.ts';

export interface Control {
  /** False once the gateway drains: a load balancer must send nothing more. */
  isReady(): boolean;
  /** What is not as it should be though the gateway serves: lines for whoever asks whether it is ready. */
  remarks(): Maybe<readonly string[]>;
  status(): Maybe<Status>;
  /** For monitoring, in the text format of Prometheus. */
  metrics(): Promise<Metrics>;
  /** Reads the configuration anew and puts it in force, whole or not at all. */
  reload(): Promise<Reloaded>;
  /** Orders now, one name or all; resolves when each has succeeded or failed once. None: the name is not ordered. */
  renewCertificates(name: string | undefined): Promise<readonly Renewed[]>;
  /** Takes up what a command has put into the storage; resolves when it is served. */
  lookForCertificates(): Promise<readonly ManagedStatus[]>;
  readonly bans: BanControl;
  readonly cache: CacheControl;
  rules(): Promise<RulesControl>;
}

export interface CacheControl {
  /** Sites that have one. */
  status(): Maybe<readonly CacheStatus[]>;
  /** Fails with a GatehouseError `bad_request` when the wish cannot be meant. */
  purge(wish: PurgeWish): Maybe<Purged>;
}

/** One of `url`, `tag` and `all`. */
export interface PurgeWish {
  readonly url: string | undefined;
  /** All that begins with the URL. */
  readonly isPrefix: boolean;
  readonly tag: string | undefined;
  readonly all: boolean;
  /** undefined: every site, where there is no URL. */
  readonly site: string | undefined;
}

export interface Purged {
  /** Stored responses that are gone. */
  readonly removed: number;
}

/** Names are stable: `cache status --json` prints them. Counts are since the site's cache was set up. */
export interface CacheStatus {
  readonly site: string;
  /** Each worker has its own memory; a disk is for all. */
  readonly store: 'memory' | 'disk';
  readonly entries: number;
  readonly bytes: number;
  /** Requests by how they were answered. */
  readonly hit: number;
  readonly stale: number;
  readonly revalidated: number;
  readonly collapsed: number;
  readonly miss: number;
  /** Those that no stored answer could be for. */
  readonly pass: number;
  readonly stored: number;
  /** By requests that changed something. */
  readonly invalidated: number;
  readonly evicted: number;
}

/** Each fails with a GatehouseError `bad_request` when the wish cannot be meant. */
export interface BanControl {
  /** Those in force, the one that ends first in front. */
  list(): Maybe<readonly BanStatus[]>;
  add(wish: BanWish): Promise<BanStatus>;
  /** Those that were in force. `site` undefined: wherever the address is banned. */
  remove(wish: Pick<BanWish, 'address' | 'site'>): Promise<readonly BanStatus[]>;
  why(address: string): Maybe<BanReasons>;
}

export interface BanWish {
  /** An address or a range. */
  readonly address: string;
  /** undefined: all sites. */
  readonly site: string | undefined;
  /** Like `1h`. */
  readonly for: string;
  readonly reason: string;
}

/** Names are stable: `bans list --json` prints them. */
export interface BanStatus {
  readonly address: string;
  /** null: all sites. */
  readonly site: string | null;
  readonly cause: 'limit' | 'waf' | 'hand';
  readonly reason: string;
  /** RFC 3339, UTC, as `until`. */
  readonly since: string;
  readonly until: string;
  /** How many in a row. */
  readonly times: number;
  readonly isInForce: boolean;
}

export interface BanReasons {
  /** By `bans.exempt` or `trustedProxies`: no ban holds. */
  readonly isExempt: boolean;
  /** Those that are over and make the next one longer too. */
  readonly bans: readonly BanStatus[];
}

/** What became of a reload. */
export interface Reloaded {
  readonly ok: boolean;
  /** Every fault of the configuration. */
  readonly problems: readonly Problem[];
  /** What else stood in the way. */
  readonly error: string | null;
  readonly warnings: readonly string[];
}

/** Of the last reload. */
export interface ReloadState {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly ok: boolean;
  /** The first that was wrong. */
  readonly error: string | null;
}

export interface Metrics {
  readonly contentType: string;
  readonly text: string;
}

/** Printed by `gatehouse status --json` as it is; names are stable. */
export interface Status {
  readonly state: string;
  readonly version: string;
  readonly pid: number;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly config: string | undefined;
  /** null: it was never reloaded. */
  readonly reload: ReloadState | null;
  readonly listen: { readonly https: readonly string[]; readonly http: readonly string[] };
  /** null: all is one process. */
  readonly workers: readonly WorkerStatus[] | null;
  /** Client connections open, requests under way. */
  readonly load: { readonly connections: number; readonly requests: number };
  readonly sites: readonly {
    readonly name: string;
    readonly aliases: readonly string[];
    readonly upstreams: readonly string[];
  }[];
  readonly upstreams: readonly {
    readonly name: string;
    readonly servers: readonly ServerStatus[];
  }[];
  /** null: this machine shares nothing. */
  readonly shared: SharedStatus | null;
  /** Those that clients are shown. */
  readonly certificates: readonly CertificateStatus[];
  /** Those that are ordered, in service or still awaited. */
  readonly managed: readonly ManagedStatus[];
  readonly warnings: readonly string[];
  /** What is not as it should be though the gateway serves. */
  readonly remarks: readonly string[];
}

export interface WorkerStatus {
  /** From 1. */
  readonly worker: number;
  /** null: there is none now. */
  readonly pid: number | null;
  /** waiting: it has died again and again, and the next one is started later. */
  readonly state: 'starting' | 'ready' | 'waiting' | 'stopping';
  /** Since when it is as it is. RFC 3339, UTC. */
  readonly since: string;
  /** What it serves now; null: it did not say. */
  readonly load: Status['load'] | null;
  /** Orders certificates and writes down bans. */
  readonly isLead: boolean;
  readonly deaths: number;
  /** How the last one died; null: none did. */
  readonly lastDeath: string | null;
  /** When the next one is started, RFC 3339; null: it does not wait. */
  readonly nextStart: string | null;
}

export interface SharedStatus {
  readonly place: string;
  readonly state: 'up' | 'slow' | 'down';
  /** Since when it is as it is. RFC 3339, UTC. */
  readonly since: string;
  /** Why it is not up; null when it is. */
  readonly reason: string | null;
  /** What that means, in words; null when it is up. */
  readonly alone: string | null;
}

export interface ServerStatus {
  readonly url: string;
  readonly weight: number;
  /** down: by its checks. ejected: requests to it failed. draining: no longer configured, and not yet done. */
  readonly state: 'up' | 'down' | 'ejected' | 'draining';
  /** Why it is not up; null when it is. */
  readonly reason: string | null;
  /** Since when it is as it is. RFC 3339, UTC. */
  readonly since: string;
  /** The part of its weight that counts now, 0 to 1: less than 1 while it comes back slowly. */
  readonly share: number;
  /** Requests under way, those in the queue among them. */
  readonly load: number;
  /** Requests that wait for a connection. */
  readonly queue: number;
  readonly connections: number;
}

export interface CertificateStatus {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly keyType: string;
  /** RFC 3339, UTC. */
  readonly notAfter: string;
  /** A file, `internal`, or `acme`. */
  readonly source: string;
  readonly fingerprint256: string;
}
