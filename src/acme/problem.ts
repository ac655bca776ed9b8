// What can go wrong between Gatehouse and a certificate authority, kept whole and told in plain words.
import { GatehouseError } from '../base/errors.ts';

/** RFC 7807 as ACME uses it (RFC 8555, 6.7). */
export interface ProblemDocument {
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string;
  readonly detail: string;
  readonly status: number;
  /** One for each name that is at fault (RFC 8555, 6.7.1). */
  readonly subproblems: readonly {
    readonly type: string;
    readonly detail: string;
    readonly name: string | undefined;
  }[];
}

/**
 * What a failure asks for:
 * validation: the authority looked and did not find what it should; a person has something to mend;
 * limit: not now;
 * unreachable: no answer or one that says nothing, so it is tried again soon;
 * refused: the authority will not, for a reason of its own;
 * storage: nothing was asked of the authority, as what it gives could not be kept.
 */
export type FailureKind = 'validation' | 'limit' | 'unreachable' | 'refused' | 'storage';

export class AcmeError extends GatehouseError {
  readonly kind: FailureKind;
  readonly problem: ProblemDocument | undefined;
  /** What the authority asks us to wait, bounded; undefined when it does not say. */
  readonly retryAfterMs: number | undefined;
  /** Only this type of challenge is at fault; another may do. */
  readonly challenge: string | undefined;

  constructor(kind: FailureKind, message: string, more: AcmeErrorFacts = {}) {
    super('acme_failed', 'gateway', message, { cause: more.cause });
    this.name = 'AcmeError';
    this.kind = kind;
    this.problem = more.problem;
    this.retryAfterMs = more.retryAfterMs;
    this.challenge = more.challenge;
  }
}

interface AcmeErrorFacts {
  readonly problem?: ProblemDocument | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly challenge?: string | undefined;
  readonly cause?: unknown;
}

/** The kind of any failure of an order. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof AcmeError) return error.kind;
  if (error instanceof GatehouseError && error.code === 'storage_failed') return 'storage';
  // A DNS provider, or a defect of ours: nothing that asking the authority again would mend at once.
  return 'refused';
}

const PREFIX = 'urn:ietf:params:acme:error:';
const MAX_DETAIL_LENGTH = 500;
const MAX_SUBPROBLEMS = 20;

/** Reads a problem document leniently; undefined when it is none. Texts are cut. */
export function readProblem(value: unknown, status: number): ProblemDocument | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, detail, subproblems } = value as Record<string, unknown>;
  if (typeof type !== 'string' && typeof detail !== 'string') return undefined;
  const list = Array.isArray(subproblems) ? subproblems.slice(0, MAX_SUBPROBLEMS) : [];
  return {
    type: shortType(type),
    detail: printable(detail),
    status,
    subproblems: list.flatMap((item: unknown) => {
      if (typeof item !== 'object' || item === null) return [];
      const { type, detail, identifier } = item as Record<string, unknown>;
      const name = (identifier as { value?: unknown } | undefined)?.value;
      return [
        {
          type: shortType(type),
          detail: printable(detail),
          name: typeof name === 'string' ? printable(name) : undefined,
        },
      ];
    }),
  };
}

/** Which failure it is when a request is answered so, by RFC 8555, 6.7. What a challenge came to is always `validation`. */
export function kindOfProblem({ type, status }: ProblemDocument): FailureKind {
  if (type === 'rateLimited' || status === 429) return 'limit';
  return SOON.has(type) || status >= 500 ? 'unreachable' : 'refused';
}

/** Faults of a moment: parts of a large authority that do not know of each other yet are among them. */
const SOON: ReadonlySet<string> = new Set(['serverInternal', 'badNonce', 'orderNotReady']);

/** One sentence or two: what the authority said, and what that means for the operator. */
export function problemInWords({ type, detail, subproblems }: ProblemDocument, about: 'request' | 'challenge'): string {
  const meanings = about === 'challenge' ? VALIDATION : REFUSAL;
  const meaning = Object.hasOwn(meanings, type) ? meanings[type] : undefined;
  const said = [detail, ...subproblems.map(({ name, detail }) => (name === undefined ? detail : `${name}: ${detail}`))];
  const quoted = `“${said.filter((text) => text !== '').join('; ') || 'no detail'}” (${type})`;
  return meaning === undefined ? quoted : `${meaning} It said: ${quoted}`;
}

const CAA = "A CAA record of the name's zone forbids this authority to issue; change the record or the authority.";

const VALIDATION: Readonly<Record<string, string>> = {
  caa: CAA,
  connection: 'The authority could not connect to this host: check that its ports 80 and 443 are open to the internet.',
  dns: "The authority could not look the name up: check the name's A, AAAA and TXT records.",
  incorrectResponse:
    'The authority was answered by something else than this gateway: check where the name points, and proxies in between.',
  tls: 'The authority could not finish a TLS handshake: check that port 443 leads to this gateway, with no proxy that ends TLS.',
  unauthorized:
    'The authority did not find the proof at the name: check that its A and AAAA records point to this gateway.',
};

const REFUSAL: Readonly<Record<string, string>> = {
  accountDoesNotExist: 'The authority does not know the account any longer; a new one is made.',
  badCSR: 'The authority refuses the kind of key or request.',
  badSignatureAlgorithm: 'The authority does not accept the kind of account key.',
  caa: CAA,
  externalAccountRequired: 'The authority asks for an external account: set `certificates.acme.eab`.',
  invalidContact: 'The authority does not accept the e-mail address: change `certificates.acme.email`.',
  unsupportedContact: 'The authority does not accept the e-mail address: change `certificates.acme.email`.',
  invalidProfile: 'The authority does not offer this profile: change `certificates.acme.profile`.',
  rateLimited: "The authority's limit is reached.",
  rejectedIdentifier: 'The authority does not issue for this name.',
  unsupportedIdentifier: 'The authority does not issue for this kind of name.',
  unauthorized:
    'The authority does not accept our account: check `certificates.acme.eab`, or whether it closed the account.',
  userActionRequired: 'The authority asks a person to act, for example to agree to new terms.',
  serverInternal: 'The authority has a fault of its own.',
};

function shortType(type: unknown): string {
  if (typeof type !== 'string') return 'about:blank';
  return printable(type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type);
}

/**
 * What a stranger wrote, fit to be shown: cut, and without what would steer the terminal or turn the reading direction.
 * Empty for what is no text.
 */
export function printable(text: unknown): string {
  if (typeof text !== 'string') return '';
  const plain = text.slice(0, 2 * MAX_DETAIL_LENGTH).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ');
  return plain.length > MAX_DETAIL_LENGTH ? `${plain.slice(0, MAX_DETAIL_LENGTH)}…` : plain;
}
