// Which stored answer a request chooses (RFC 9111, 4.1): the request fields that Vary names, in a normal form, as one text.
import { hash } from 'node:crypto';
import { acceptedCodings } from '../http/accepted-codings.ts';
import { ADDRESS_CLAIMS, IDENTITY_CLAIMS, PLACE_CLAIMS } from '../http/claims.ts';
import { isClientCertificateField } from '../http/client-certificate.ts';
import { headerList, words } from '../http/headers.ts';

/**
 * Differ from request to request, and the gateway or a trusted proxy writes them: what depends on them is for nobody else. A
 * client that writes them itself is not heard by the backend.
 */
const OF_ONE_REQUEST = new Set([
  ...words('x-forwarded-for x-real-ip forwarded x-request-id via'),
  ...ADDRESS_CLAIMS,
  ...IDENTITY_CLAIMS,
]);
/** The gateway writes these too, and the key has them. */
const IN_THE_KEY = new Set([
  ...words('host x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-prefix'),
  ...PLACE_CLAIMS,
]);
/** Texts in which a comma and a space mean themselves. */
const NO_LISTS = words('user-agent origin referer from');
/** Told apart by what cannot be read back: a store may be a file. */
const SECRETS = words('cookie authorization');

/** The fields that make a difference; undefined: every request makes one. */
export function variedFields(vary: readonly string[]): string[] | undefined {
  if (vary.some((name) => OF_ONE_REQUEST.has(name) || isClientCertificateField(name))) return undefined;
  return vary.filter((name) => !IN_THE_KEY.has(name)).sort();
}

/** `context`: what is not in a field and makes a difference all the same. */
export function variantKey(fields: readonly string[], context: string, headers: readonly string[]): string {
  let key = context;
  for (const name of fields) key += `\n${normalValue(name, headerList(headers, name))}`;
  return key;
}

function normalValue(name: string, value: string | undefined): string {
  // Told from an empty one, which may mean something.
  if (value === undefined) return '-';
  if (name === 'accept-encoding') return normalCodings(value);
  if (NO_LISTS.has(name)) return `=${value}`;
  if (SECRETS.has(name)) return `#${hash('sha256', value, 'base64url')}`;
  if (name === 'accept-language') return `=${value.replace(/\s+/g, '').toLowerCase()}`;
  // By split and not by one pattern for a comma with spaces around: on a field of spaces that would take a second (ReDoS).
  return `=${LOOSE.test(value) ? value.split(',').map(trimmed).join() : value}`;
}

const LOOSE = /[\s,]/;

function trimmed(text: string): string {
  return text.trim();
}

const CODINGS = ['br', 'gzip', 'zstd'];

/**
 * The codings that a client takes and that are in use, in one order: else each browser's spelling would be a variant.
 * Empty: none of them. It is also what the backend is asked for, so that its answer fits everybody with the same form.
 */
export function normalCodings(value: string): string {
  const quality = acceptedCodings(value);
  return CODINGS.filter((name) => quality(name) > 0).join(', ');
}
