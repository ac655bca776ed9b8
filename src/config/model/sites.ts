// What the operator means by `sites`: hosts, their routes, and what holds for each route.
import type { LimitKey } from '../syntax/limit.ts';
import type { CertificateFile } from './certificates.ts';
import type { WafConfig } from './waf.ts';

export interface SiteConfig {
  /** A lower-case host name, `*.example.com`, or `default`. */
  readonly name: string;
  /** Same forms, without `default`. */
  readonly aliases: readonly string[];
  /**
   * `auto`: one of `certificates.files` whose names fit, else the issuer's.
   * `internal`: the local CA's. A file: that one, whatever names it holds.
   */
  readonly certificate: 'auto' | 'internal' | CertificateFile;
  /** undefined: clients are not asked for certificates. */
  readonly clientCertificates: ClientCertificatesConfig | undefined;
  /** undefined: nothing is said of it. */
  readonly hsts: HstsConfig | undefined;
  /** How its backends see the path: the canonical one, or what the client wrote. Routes and rules have the canonical one. */
  readonly path: 'canonical' | 'original';
  readonly headers: HeadersConfig;
  /** What all its routes share; undefined: none of them stores anything. */
  readonly cache: CacheStoreConfig | undefined;
  /** In file order; the site's own `to`, when there is one, stands last as a route that matches everything. */
  readonly routes: readonly RouteConfig[];
}

/** Paths are absolute. */
export interface ClientCertificatesConfig {
  /** request: checked when shown; require: nothing is served without one. */
  readonly mode: 'request' | 'require';
  readonly ca: string;
  readonly crl: string | undefined;
}

/** RFC 6797. */
export interface HstsConfig {
  readonly maxAgeSeconds: number;
  readonly includeSubdomains: boolean;
  readonly preload: boolean;
}

export interface HeadersConfig {
  readonly request: HeaderChanges;
  readonly response: HeaderChanges;
}

/** Names are lower-case. */
export interface HeaderChanges {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
  /** Of a preset: for answers whose backend does not say them itself. Undefined: no word of a preset here. */
  readonly defaults?: ReadonlyMap<string, string>;
}

export interface RouteConfig {
  readonly match: RouteMatch;
  /** A key of `Config.upstreams`. */
  readonly upstream: string;
  /** Removed from the start of the path before it is forwarded; no trailing slash; undefined: nothing. */
  readonly stripPrefix: string | undefined;
  /** What the route says, the site's for the rest. */
  readonly access: AccessConfig;
  /** The route's own, else the site's. */
  readonly limits: readonly LimitConfig[];
  /** On top of the site's. */
  readonly headers: HeadersConfig;
  /** What the route says, the site's for the rest; undefined: no rules. */
  readonly waf: WafConfig | undefined;
  /** The same; undefined: nothing is stored. */
  readonly cache: CachePolicy | undefined;
  /** The route's own, else the site's; undefined: responses are sent as they are. */
  readonly compress: CompressConfig | undefined;
}

export interface CompressConfig {
  /** The preferred one first. */
  readonly encodings: readonly ('zstd' | 'br' | 'gzip')[];
  /** Lower case; `*` for any part. */
  readonly types: readonly string[];
  readonly minBytes: number;
  /** Of those whose size is known. */
  readonly maxBytes: number;
  /** At once. */
  readonly maxActive: number;
}

/** The store of a site. */
export interface CacheStoreConfig {
  /** In all. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Of one URL. */
  readonly maxVariants: number;
  /** undefined: in memory only. */
  readonly disk: CacheDiskConfig | undefined;
}

/** The bounds above are then those of the file. */
export interface CacheDiskConfig {
  /** Absolute. */
  readonly folder: string;
  /** How much of it is in memory too, in each worker. */
  readonly memoryBytes: number;
}

/** What is stored, and for whom. */
export interface CachePolicy {
  readonly maxEntryBytes: number;
  /** Of answers that say nothing of their life; 0: none. */
  readonly ttlSeconds: number;
  /** How long a stale answer that says nothing of it may stand in for one that fails; 0: not at all. */
  readonly staleIfErrorSeconds: number;
  /** The same where the backend gives no answer at all. */
  readonly staleIfDisconnectedSeconds: number;
  /** ignore: no answer depends on cookies. */
  readonly cookies: 'private' | 'ignore';
  /** For the same answer that another has asked for; 0: nobody waits. */
  readonly waitMs: number;
}

/** CIDRs. */
export interface AccessConfig {
  /** Empty: everybody. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export interface LimitConfig {
  /** Limits of one name and rate within a site count together. */
  readonly name: string;
  readonly match: RouteMatch;
  /** Counted by each combination. */
  readonly key: readonly LimitKey[];
  /** What becomes of a request without that header, cookie or claim. */
  readonly without: 'client' | 'pass' | 'refuse';
  /** At most so many in each window; all must allow it. */
  readonly windows: readonly { readonly points: number; readonly windowMs: number }[];
  /** undefined: any number at the same time. */
  readonly concurrent: number | undefined;
  /** By status, the first that fits; other statuses cost nothing. undefined: every request costs 1. */
  readonly costs: readonly { readonly from: number; readonly to: number; readonly cost: number }[] | undefined;
  readonly delayMs: number;
  readonly banMs: number | undefined;
  readonly tell: 'refused' | 'always' | 'never';
  readonly approximate: boolean;
}

/** All parts that are given must match; a part that is undefined matches everything. */
export interface RouteMatch {
  /** Globs: `*` stays within a segment, `**` crosses; `/a/**` matches `/a` too. Any one suffices. */
  readonly path: readonly string[] | undefined;
  readonly method: readonly string[] | undefined;
  /** Lower-case names; the exact value, or `*` for any value. */
  readonly header: ReadonlyMap<string, string> | undefined;
  readonly query: ReadonlyMap<string, string> | undefined;
  /** CIDRs. */
  readonly client: readonly string[] | undefined;
}
