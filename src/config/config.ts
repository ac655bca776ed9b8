// What the operator means: checked, units read, defaults filled, frozen. Every room takes its
// settings in this form; only config/ knows the file's own spelling. It is plain data, so that it can go to another process.
import type { CertificatesConfig } from './model/certificates.ts';
import type { SiteConfig } from './model/sites.ts';
import type { UpstreamConfig } from './model/upstreams.ts';

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

/** Parts of an exchange that a finding may show. */
export type AuditPart = 'request-headers' | 'request-body' | 'response-headers';

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
