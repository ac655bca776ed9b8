// What a test may wish of the CA. All of it can be changed while the CA runs, except where it listens and its roots.
import type { Renewal, RetryAfter } from './model.ts';
import type { Identifier, Problem } from './problem.ts';

export interface Profile {
  readonly description?: string;
  readonly lifeSeconds?: number;
  /** `dns` alone unless said. */
  readonly identifierTypes?: readonly string[];
  readonly maxNames?: number;
}

export interface CaSettings {
  /** The CA's clock, in milliseconds: by it certificates begin, and orders and authorizations end. */
  now: () => number;
  /** Where http-01 and tls-alpn-01 are validated. */
  httpPort: number;
  tlsPort: number;
  /** Where a name or an address is looked for; the others are at 127.0.0.1. Empty text: the name has no address. */
  addresses: Record<string, string>;
  /** `host:port` of the resolver that is asked for TXT records, unless `txt` answers. */
  dnsServer: string | undefined;
  txt: ((name: string) => readonly string[] | Promise<readonly string[]>) | undefined;
  /** False: every challenge that is begun succeeds. */
  validates: boolean;
  /** How long a challenge stays `processing` before it is looked at. */
  validationDelayMs: number;
  validationTimeoutMs: number;
  /** So many validations at once, as from several places of the world. */
  perspectives: number;
  /** Offered where they make sense: wildcards get dns-01 alone, addresses never do. */
  challengeTypes: readonly string[];
  lifeSeconds: number;
  /** How far notBefore lies in the past; life counts from there. Undefined: a sixtieth of life, an hour at most. */
  backdateSeconds: number | undefined;
  /** Advertised by the directory unless empty. An order that names none gets `defaultProfile`, or the first. */
  profiles: Readonly<Record<string, Profile>>;
  defaultProfile: string | undefined;
  /** What an order may ask for where there are no profiles. */
  identifierTypes: readonly string[];
  maxNames: number;
  /** Names that are refused, with all below them. */
  blocked: readonly string[];
  /** Keys in base64url by their identifier. Given: no account without one of them. */
  eab: Readonly<Record<string, string>> | undefined;
  /** Given: who makes an account has to agree. */
  termsOfService: string | undefined;
  orderLifeSeconds: number;
  authzLifeSeconds: number;
  /** A valid authorization of the account serves later orders too. */
  reusesAuthorizations: boolean;
  /** So many polls of a finalized order say `processing`. */
  processingPolls: number;
  /** Sent with what is not done yet, and with renewal information. */
  retryAfter: { order?: RetryAfter; authz?: RetryAfter; challenge?: RetryAfter; renewalInfo?: RetryAfter };
  /** Whether the directory has `renewalInfo`, and orders may have `replaces`. */
  renewalInfo: boolean;
  /** What renewal information of a new certificate says. Undefined: after two thirds of life, for a fiftieth of it. */
  renewalFor: ((notBefore: Date, notAfter: Date) => Renewal) | undefined;
  /** Asked once when an order is processed; a problem makes the order invalid. */
  issuanceProblem: ((identifiers: readonly Identifier[]) => Problem | undefined) | undefined;
}

export interface CaOptions extends Partial<CaSettings> {
  /** Without TLS, which RFC 8555 forbids. */
  readonly plainHttp?: boolean;
  /** Chains besides the first, each to a root of its own. */
  readonly alternateRoots?: number;
}

const DAY = 86_400;

/** As Let's Encrypt has them in 2026. */
export const LETS_ENCRYPT_PROFILES: Readonly<Record<string, Profile>> = {
  classic: { description: 'The same as ever', lifeSeconds: 90 * DAY, maxNames: 100 },
  tlsserver: { description: 'For servers', lifeSeconds: 45 * DAY, maxNames: 25 },
  shortlived: {
    description: 'For six days, also for addresses',
    lifeSeconds: 160 * 3600,
    identifierTypes: ['dns', 'ip'],
    maxNames: 25,
  },
};

export function defaultSettings(): CaSettings {
  return {
    now: Date.now,
    httpPort: 80,
    tlsPort: 443,
    addresses: {},
    dnsServer: undefined,
    txt: undefined,
    validates: true,
    validationDelayMs: 0,
    validationTimeoutMs: 5000,
    perspectives: 1,
    // The first is one of tomorrow, which a client has to pass over.
    challengeTypes: ['dns-persist-01', 'http-01', 'dns-01', 'tls-alpn-01'],
    lifeSeconds: 90 * DAY,
    backdateSeconds: undefined,
    profiles: {},
    defaultProfile: undefined,
    identifierTypes: ['dns', 'ip'],
    maxNames: 100,
    blocked: [],
    eab: undefined,
    termsOfService: undefined,
    orderLifeSeconds: 7 * DAY,
    authzLifeSeconds: 30 * DAY,
    reusesAuthorizations: false,
    processingPolls: 0,
    retryAfter: { renewalInfo: 6 * 3600 },
    renewalInfo: true,
    renewalFor: undefined,
    issuanceProblem: undefined,
  };
}

export function retryAfterHeader(value: RetryAfter | undefined): Record<string, string> {
  if (value === undefined) return {};
  return { 'retry-after': value instanceof Date ? value.toUTCString() : String(value) };
}
