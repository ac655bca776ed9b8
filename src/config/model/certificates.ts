// What the operator means by `certificates`: whence they come, and how names are proved.

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
