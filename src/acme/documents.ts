// What an authority sends, read with suspicion: each field has the type it should have or the document is refused, and
// no URL leads away from encryption. What is not asked for here never gets further.
import { isIP } from 'node:net';
import { AcmeError, printable } from './problem.ts';

export interface Identifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/** RFC 8555, 7.1.3. */
export interface Order {
  readonly url: string;
  readonly status: string;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | undefined;
  readonly error: unknown;
  readonly retryAfterMs: number | undefined;
}

/** RFC 8555, 7.1.4. */
export interface Authorization {
  readonly status: string;
  /** Those with a token (RFC 8555, 8); types that nobody knows yet are data like any other. */
  readonly challenges: readonly Challenge[];
  readonly retryAfterMs: number | undefined;
}

export interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly status: string;
  readonly token: string;
  readonly error: unknown;
}

export interface DirectoryMeta {
  readonly termsOfService: string | undefined;
  readonly profiles: readonly string[];
  /** Where renewal advice is asked for (RFC 9773); undefined when there is none. */
  readonly renewalInfo: string | undefined;
}

/** RFC 8555, 8.3: base64url. The bound keeps strangers from naming files of any length. */
export const TOKEN: RegExp = /^[\w-]{1,128}$/;
/** We order one name at a time. */
const MAX_AUTHORIZATIONS = 10;
const MAX_CHALLENGES = 50;
const MAX_PROFILES = 100;

/** Where a document came from: the URL of the directory, and what its answer said beside it. */
export interface Origin {
  readonly directory: string;
  readonly retryAfterMs: number | undefined;
}

export function readDirectory(data: unknown, directory: string): DirectoryMeta {
  const { newOrder, meta, renewalInfo } = fieldsOf(data);
  if (!isFit(newOrder, directory)) {
    throw new AcmeError('unreachable', `${directory} is no ACME directory: check \`certificates.acme.directory\`.`);
  }
  const { termsOfService, profiles } = fieldsOf(meta);
  return {
    termsOfService: typeof termsOfService === 'string' ? printable(termsOfService) : undefined,
    profiles: Object.keys(fieldsOf(profiles)).slice(0, MAX_PROFILES).map(printable),
    renewalInfo: isFit(renewalInfo, directory) ? renewalInfo : undefined,
  };
}

export function readOrder(data: unknown, url: unknown, { directory, retryAfterMs }: Origin): Order {
  const { status, authorizations, finalize, certificate, error } = fieldsOf(data);
  const isList = Array.isArray(authorizations) && authorizations.length <= MAX_AUTHORIZATIONS;
  const urls = isList ? (authorizations as unknown[]).filter((one) => isFit(one, directory)) : [];
  if (!isFit(url, directory) || typeof status !== 'string' || !isFit(finalize, directory) || urls.length === 0) {
    throw nonsense(directory, 'an order that lacks what orders have');
  }
  const found = isFit(certificate, directory) ? certificate : undefined;
  return { url, status: printable(status), authorizations: urls, finalize, certificate: found, error, retryAfterMs };
}

export function readAuthorization(data: unknown, { directory, retryAfterMs }: Origin): Authorization {
  const { status, challenges } = fieldsOf(data);
  if (typeof status !== 'string' || !Array.isArray(challenges)) {
    throw nonsense(directory, 'an authorization that lacks what authorizations have');
  }
  const read = (challenges as unknown[]).slice(0, MAX_CHALLENGES).flatMap((one) => readChallenge(one, directory));
  return { status: printable(status), challenges: read, retryAfterMs };
}

/** None or one. */
export function readChallenge(data: unknown, directory: string): Challenge[] {
  const { type, url, status, token, error } = fieldsOf(data);
  const isWhole = typeof type === 'string' && typeof status === 'string' && isFit(url, directory);
  if (!isWhole || typeof token !== 'string' || !TOKEN.test(token)) return [];
  return [{ type: printable(type), url, status, token, error }];
}

export function identifierOf(name: string): Identifier {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name };
}

export function nonsense(directory: string, what: string): AcmeError {
  return new AcmeError('unreachable', `${new URL(directory).host} sent ${what}.`);
}

/** A URL, and by HTTPS when the directory is (RFC 8555, 6.1). */
export function isFit(value: unknown, directory: string): value is string {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).protocol === new URL(directory).protocol;
}

function fieldsOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
}
