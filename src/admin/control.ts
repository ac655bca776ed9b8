// What an operator can ask a running gateway. This room says what there is to ask; whoever runs the
// gateway answers.

export interface Control {
  /** False once the gateway drains: a load balancer must send nothing more. */
  isReady(): boolean;
  status(): Status;
}

/** Printed by `gatehouse status --json` as it is; names are stable. */
export interface Status {
  readonly state: string;
  readonly version: string;
  readonly pid: number;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly config: string | undefined;
  readonly listen: { readonly https: readonly string[]; readonly http: readonly string[] };
  /** Client connections open, requests under way. */
  readonly load: { readonly connections: number; readonly requests: number };
  readonly sites: readonly {
    readonly name: string;
    readonly aliases: readonly string[];
    readonly upstreams: readonly string[];
  }[];
  readonly upstreams: readonly {
    readonly name: string;
    readonly servers: readonly { readonly url: string; readonly weight: number; readonly load: number }[];
  }[];
  readonly certificates: readonly CertificateStatus[];
  readonly warnings: readonly string[];
}

export interface CertificateStatus {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly keyType: string;
  /** RFC 3339, UTC. */
  readonly notAfter: string;
  /** A file, or `internal`. */
  readonly source: string;
  readonly fingerprint256: string;
}
