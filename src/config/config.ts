// What the operator means: checked, units read, defaults filled, frozen. Every room takes its
// settings in this form; only config/ knows the file's own spelling.

import type { LimitKey } from './syntax/limit.ts';

/** A TCP address to listen on. `host` undefined: all addresses, IPv6 and IPv4. `port` 0: any free one. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export interface Config {
  /** The file it came from, absolute; undefined when built by `expose` or a program. */
  readonly file: string | undefined;
  readonly listen: {
    readonly https: readonly ListenAddress[];
    /** Empty: off. */
    readonly http: readonly ListenAddress[];
    /** CIDRs of balancers that begin every connection with a PROXY header; nobody else may. */
    readonly proxyProtocol: readonly string[];
  };
  /** CIDRs whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  /** 0: everything in this process. */
  readonly workers: number;
  /** undefined: this machine shares nothing. */
  readonly shared: SharedConfig | undefined;
  readonly admin: {
    /** Absolute path of the Unix socket; undefined: off. */
    readonly socket: string | undefined;
    readonly http: ListenAddress | undefined;
  };
  readonly timeouts: Timeouts;
  readonly requestLimits: RequestLimits;
  readonly bans: BansConfig;
  readonly certificates: CertificatesConfig;
  /** Named ones, in file order, then one for each URL that a `to` names directly (its name is the URL without a trailing slash). */
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  readonly sites: readonly SiteConfig[];
  readonly logs: LogsConfig;
  /** undefined: no traffic is recorded. */
  readonly record: RecordConfig | undefined;
}

/** Requests that are kept, so that rules can be tried on them later. */
export interface RecordConfig {
  /** Absolute. */
  readonly dir: string;
  /** Shares, 0 to 1: of requests that rules let pass, and of those that they blocked, or would block. */
  readonly sample: number;
  readonly hits: number;
  /** Of one body. */
  readonly bodyBytes: number;
  readonly fileBytes: number;
  /** Of each kind: passed requests and hits. */
  readonly files: number;
  readonly ageMs: number;
  /** Lower-case names of headers, cookies and fields whose values are left out. */
  readonly redact: readonly string[];
}

/** All in milliseconds. */
export interface Timeouts {
  /** From the accepted connection to the end of the TLS handshake. */
  readonly handshakeMs: number;
  /** From the first byte of a request to the end of its head. */
  readonly headersMs: number;
  /** Longest silence within a request body while the gateway is ready to read. */
  readonly bodyMs: number;
  /** Until the whole body is there, of that only the time in which the gateway is ready to read. */
  readonly bodyTotalMs: number;
  /** A client that takes nothing of an answer that there is for it. */
  readonly writeMs: number;
  /** A client connection without a request. */
  readonly idleMs: number;
  /** The life of a client connection; requests under way are finished. */
  readonly connectionMs: number;
  /** To the upstream's response head, and the longest silence within its body. */
  readonly upstreamMs: number;
  /** Longest silence, in both directions, of WebSockets and gRPC calls. */
  readonly streamMs: number;
  /** From SIGTERM to the end of the process. */
  readonly drainMs: number;
  /** Between its being told to stop and the beginning of the end. */
  readonly leaveMs: number;
  /** How long a worker may stand still. */
  readonly stallMs: number;
}

export interface RequestLimits {
  readonly bodyBytes: number;
  /** The whole request head. */
  readonly headerBytes: number;
  /** Number of header fields. */
  readonly headers: number;
  readonly uriBytes: number;
  /** In one Range field. */
  readonly ranges: number;
  /** Concurrent streams in one HTTP/2 connection, or pipelined requests in one of HTTP/1.1. */
  readonly streams: number;
  /** Of those, how many may wait for their client to take something; more end the connection. */
  readonly waitingStreams: number;
  /** In one connection, which then ends. */
  readonly requestsPerConnection: number;
  /** The least bytes of a body in each second, on average, after the first `bodyMs`; 0: any. */
  readonly bodyRate: number;
  readonly connections: number;
  /** From one address; of IPv6 one /64. */
  readonly connectionsPerIp: number;
  /** Requests that one address may break off, or have refused, at once; a twentieth comes back each second. */
  readonly resetsPerIp: number;
  /** Requests that go on at once from an address that has not shown yet that it takes answers; more wait a moment. */
  readonly unprovenPerIp: number;
  /** Clients that rate limits keep in mind. */
  readonly counters: number;
  /** Requests that wait for room under a limit. */
  readonly delayed: number;
}

/** A Redis or Valkey. */
export interface SharedConfig {
  /** undefined: the sentinels know. */
  readonly server: { readonly host: string; readonly port: number } | undefined;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly master: string;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly sentinelPassword: string | undefined;
  /** undefined: plain TCP. `ca`: PEM text. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  readonly timeoutMs: number;
  /** undefined: what is kept there lies there as it is. */
  readonly secret: string | undefined;
  readonly prefix: string;
}

export interface BansConfig {
  /** CIDRs. */
  readonly exempt: readonly string[];
  /** connection: who is banned from all sites is not even heard. */
  readonly drop: 'answer' | 'connection';
  readonly growth: number;
  readonly longestMs: number;
  readonly rememberMs: number;
  readonly max: number;
  /** undefined: blocked requests ban nobody. */
  readonly waf: { readonly points: number; readonly windowMs: number; readonly forMs: number } | undefined;
}

export interface CertificatesConfig {
  /** Absolute path of the folder; of this machine's own copy where `isShared`. */
  readonly storage: string;
  /** What comes from authorities is kept in the shared store. */
  readonly isShared: boolean;
  /** Who certifies what no file covers. */
  readonly issuer: 'acme' | 'internal';
  readonly acme: AcmeConfig;
  readonly files: readonly CertificateFile[];
}

export interface AcmeConfig {
  /** Asked in this order; at least one. */
  readonly issuers: readonly AcmeIssuer[];
  /** In order of preference. */
  readonly challenges: readonly ('tls-alpn-01' | 'http-01' | 'dns-01')[];
  /** Always there when `challenges` has dns-01. */
  readonly dns: DnsConfig | undefined;
  /** How often renewal advice and other processes' work are looked at, at the latest. */
  readonly checkEveryMs: number;
  /** For each single call to an authority. */
  readonly timeoutMs: number;
  /** undefined: only names of the configuration are ordered. */
  readonly onDemand: OnDemandConfig | undefined;
}

/** Who says for which further names certificates are ordered, when a client asks for them. */
export interface OnDemandConfig {
  /** URL; `?domain=NAME` is added. */
  readonly ask: string;
  readonly timeoutMs: number;
}

export interface AcmeIssuer {
  /** URL. */
  readonly directory: string;
  readonly email: string | undefined;
  readonly eab: { readonly keyId: string; readonly hmac: string } | undefined;
  readonly profile: string | undefined;
  /** Common name of the issuer at the end of an alternate chain. */
  readonly preferredChain: string | undefined;
  /** PEM texts, read at load. */
  readonly trustedRoots: readonly string[];
}

/** A certificate brought along. Paths are absolute. */
export type CertificateFile =
  | { readonly cert: string; readonly key: string; readonly passphrase: string | undefined }
  | { readonly pfx: string; readonly passphrase: string | undefined };

/** How TXT records are set for the dns-01 challenge, and how it is known that they are seen. */
export interface DnsConfig {
  readonly provider: DnsProviderConfig;
  /** For one call of the provider, with all that it takes. */
  readonly timeoutMs: number;
  /** Lower case, no trailing dot; undefined: `_acme-challenge.` and the name, with CNAMEs followed. */
  readonly challengeName: string | undefined;
  /** `address:port`, IPv6 in brackets; empty: the system's. */
  readonly resolvers: readonly string[];
  readonly propagation: {
    /** authoritative: every name server of the zone; resolvers: every one of `resolvers`. */
    readonly check: 'authoritative' | 'resolvers' | 'off';
    /** Before the first look. */
    readonly delayMs: number;
    readonly timeoutMs: number;
  };
}

/** Who serves the zone, with the settings of that one. An undefined `endpoint` is the provider's public API. */
export type DnsProviderConfig =
  | { readonly name: 'exec' /** The program, then its own arguments. */; readonly command: readonly string[] }
  | {
      readonly name: 'rfc2136';
      readonly server: { readonly host: string; readonly port: number };
      readonly key: TsigKeyConfig;
      /** undefined: the server is asked. */
      readonly zone: string | undefined;
      readonly transport: 'tcp' | 'udp';
    }
  | {
      readonly name: 'cloudflare';
      readonly token: string;
      /** undefined: found by name. */
      readonly zoneId: string | undefined;
      readonly endpoint: string | undefined;
    }
  | {
      readonly name: 'route53';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | undefined;
      readonly region: string;
      /** undefined: found by name. */
      readonly zoneId: string | undefined;
      readonly endpoint: string | undefined;
    }
  | { readonly name: 'digitalocean'; readonly token: string; readonly endpoint: string | undefined }
  | { readonly name: 'webhook'; readonly url: string; readonly token: string | undefined };

export interface TsigKeyConfig {
  /** Lower case, no trailing dot. */
  readonly name: string;
  readonly algorithm: 'hmac-sha1' | 'hmac-sha224' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
  /** Base64. */
  readonly secret: string;
}

export interface UpstreamConfig {
  readonly name: string;
  readonly servers: readonly ServerConfig[];
  /** auto: HTTP/2 where TLS negotiates it, else HTTP/1.1. h2 over http:// is prior knowledge (RFC 9113, 3.3). */
  readonly protocol: 'auto' | 'http1' | 'h2';
  readonly balance: 'round-robin' | 'least-requests' | 'random-two' | 'hash';
  readonly hash: HashConfig;
  readonly sticky: StickyConfig | undefined;
  /** undefined: nobody is asked. */
  readonly health: HealthConfig | undefined;
  readonly ejection: EjectionConfig | undefined;
  readonly retries: RetriesConfig | undefined;
  /** 0: a server that comes back has its whole share at once. */
  readonly slowStartMs: number;
  readonly tls: UpstreamTls;
  readonly connectTimeoutMs: number;
  /** undefined: host names are looked up for each connection. */
  readonly resolveEveryMs: number | undefined;
  /** All of one server. */
  readonly maxConnections: number;
  readonly maxRequests: number;
  readonly maxTunnels: number;
  readonly maxQueue: number;
  readonly queueTimeoutMs: number;
}

/** A property of requests that tells them apart. Header names are lower-case. */
export type RequestKey =
  | { readonly by: 'client.ip' | 'path' }
  | { readonly by: 'header' | 'cookie'; readonly name: string };

export interface HashConfig {
  readonly on: RequestKey;
  /** How many times the average load a server may have; undefined: any. */
  readonly factor: number | undefined;
}

export interface StickyConfig {
  readonly cookie: string;
  /** undefined: one that the gateway makes and keeps. */
  readonly secret: string | undefined;
}

export interface HealthConfig {
  readonly path: string;
  /** undefined: the server's own. */
  readonly host: string | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
  /** Any one suffices; both ends belong to it. */
  readonly expect: readonly { readonly from: number; readonly to: number }[];
}

export interface EjectionConfig {
  /** In a row. */
  readonly failures: number;
  readonly forMs: number;
  readonly longestMs: number;
  /** 0 to 1. */
  readonly share: number;
}

export interface RetriesConfig {
  readonly attempts: number;
  /** No connection, or one that broke before the answer. */
  readonly onConnect: boolean;
  readonly onStatus: ReadonlySet<number>;
  /** 0 to 1. */
  readonly budget: number;
  readonly minimum: number;
  /** 0: no body is kept. */
  readonly keepBodyBytes: number;
}

export interface ServerConfig {
  /** http: or https:, with host, port and perhaps a base path; never credentials, query or fragment. */
  readonly url: URL;
  readonly weight: number;
}

export interface UpstreamTls {
  /** PEM text, read at load. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly verify: boolean;
}

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

export interface WafConfig {
  readonly mode: 'block' | 'detect';
  /** In order. */
  readonly rules: readonly RuleSource[];
  readonly paranoia: number;
  readonly detectionParanoia: number;
  readonly threshold: { readonly inbound: number; readonly outbound: number };
  readonly body: {
    readonly inspectBytes: number;
    readonly over: 'block' | 'inspect-prefix';
    /** Levels of JSON and XML. */
    readonly depth: number;
    readonly arguments: number;
  };
  readonly response: boolean;
  /** Lower case; `*` for any part. */
  readonly responseTypes: readonly string[];
  /** Working time of the rules for one request. */
  readonly budgetMs: number;
  readonly onError: 'block' | 'pass';
  /** The site's, then the route's own. */
  readonly exceptions: readonly ExceptionConfig[];
  readonly shadow: ShadowConfig | undefined;
}

/** A place in a file that the operator wrote; line and column from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Rules that do not apply somewhere. */
export interface ExceptionConfig {
  readonly rules: readonly RuleReference[];
  /** Empty: the whole request. */
  readonly fields: readonly FieldPath[];
  /** As in `RouteMatch`. */
  readonly path: readonly string[] | undefined;
  readonly method: readonly string[] | undefined;
  readonly reason: string | undefined;
  /** The last day (UTC) on which it holds, `2027-03-01`. */
  readonly expires: string | undefined;
  readonly place: Place;
}

/** Rules by number, both ends included, or by a tag. */
export type RuleReference = { readonly from: number; readonly to: number } | { readonly tag: string };

/** A part of a request or an answer that rules look at, as operators name it: `args.comment`, `json./user/name`. */
export interface FieldPath {
  /** `args`, `headers`, `files.name`; or a variable of SecLang in capitals. */
  readonly area: string;
  /** Which of its members; `*` stands for any characters. undefined: all of them. */
  readonly name: string | undefined;
}

/** A rule set that is scored beside and never acts. */
export interface ShadowConfig {
  readonly rules: readonly RuleSource[];
  /** The share of requests, 0 to 1. */
  readonly sample: number;
  readonly paranoia: number;
  readonly detectionParanoia: number;
  readonly threshold: { readonly inbound: number; readonly outbound: number };
  readonly place: Place;
}

/** Rule files: Gatehouse's own, a name or glob, or a folder of the OWASP Core Rule Set. Paths are absolute. */
export type RuleSource = { readonly core: true } | { readonly files: string } | { readonly crs: string };

/** Parts of an exchange that a finding may show. */
export type AuditPart = 'request-headers' | 'request-body' | 'response-headers';

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

/** Where records go: a stream of this process, an absolute path, or nowhere. */
export type LogTarget = 'stdout' | 'stderr' | false | { readonly file: string };

export interface LogsConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly access: LogTarget;
  readonly waf: LogTarget;
  readonly audit: readonly AuditPart[];
  /** Lower-case names of headers and query parameters that no record may show. */
  readonly redact: readonly string[];
  /** Findings that are kept in memory. */
  readonly recent: { readonly findings: number; readonly bytes: number };
}
