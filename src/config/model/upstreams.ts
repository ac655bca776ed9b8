// What the operator means by `upstreams`: servers, and how they are chosen, watched and asked again.

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
  /** http: or https:, with host, port and perhaps a base path; never credentials, query or fragment. As `URL.href` has it. */
  readonly url: string;
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
