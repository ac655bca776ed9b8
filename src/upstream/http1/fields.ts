// Field lines, from bytes to a flat list (RFC 9112, 5): one pass over the bytes with a table, one
// string for all of them, names in lower case. Nothing lenient: no folding, no space before the colon.
import { CLASSES, COLON, CR, LF, SPACE, TAB, TOKEN, UPPER, VALUE } from './syntax.ts';

/** Names as backends commonly spell them; finding one here is cheaper than lowering it and shares the string. */
const COMMON_NAMES: ReadonlyMap<string, string> = buildCommonNames([
  'Accept-Ranges',
  'Access-Control-Allow-Credentials',
  'Access-Control-Allow-Headers',
  'Access-Control-Allow-Methods',
  'Access-Control-Allow-Origin',
  'Age',
  'Allow',
  'Cache-Control',
  'Connection',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Range',
  'Content-Security-Policy',
  'Content-Type',
  'Date',
  'ETag',
  'Expires',
  'Keep-Alive',
  'Last-Modified',
  'Link',
  'Location',
  'Pragma',
  'Referrer-Policy',
  'Retry-After',
  'Server',
  'Set-Cookie',
  'Strict-Transport-Security',
  'Transfer-Encoding',
  'Upgrade',
  'Vary',
  'Via',
  'WWW-Authenticate',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'X-Powered-By',
  'X-Request-Id',
]);

function buildCommonNames(names: readonly string[]): Map<string, string> {
  const common = new Map<string, string>();
  for (const name of names) common.set(name, name.toLowerCase());
  return common;
}

/**
 * Reads field lines from `at`; the blank line after them ends at `end`. Adds names and values to
 * `into`. Answers undefined, or what is wrong: then `into` means nothing.
 */
export function readFields(
  bytes: Buffer,
  at: number,
  end: number,
  maxFields: number,
  into: string[],
): string | undefined {
  const last = end - 2;
  if (at >= last) return undefined;
  const text = bytes.toString('latin1', at, last);
  let room = maxFields;
  let i = at;
  while (i < last) {
    if (room === 0) return `more than ${maxFields} fields`;
    room -= 1;
    const nameStart = i;
    let seen = 0;
    let kind = CLASSES[bytes[i] as number] as number;
    while ((kind & TOKEN) !== 0) {
      seen |= kind;
      i += 1;
      kind = CLASSES[bytes[i] as number] as number;
    }
    // An empty name, a space before the colon (RFC 9112, 5.1: response splitting) and a folded line all end here.
    if (i === nameStart || bytes[i] !== COLON) return 'a malformed field name';
    const nameEnd = i;
    i = skipWhitespace(bytes, i + 1);
    const valueStart = i;
    while (((CLASSES[bytes[i] as number] as number) & VALUE) !== 0) i += 1;
    // NUL, other controls, a bare CR and a bare LF are refused: the next reader may see a line end there.
    if (bytes[i] !== CR || bytes[i + 1] !== LF) return 'a malformed field value';
    const valueEnd = skipWhitespaceBack(bytes, i, valueStart);
    i += 2;
    const name = text.slice(nameStart - at, nameEnd - at);
    into.push((seen & UPPER) === 0 ? name : (COMMON_NAMES.get(name) ?? name.toLowerCase()));
    into.push(text.slice(valueStart - at, valueEnd - at));
  }
  return undefined;
}

function skipWhitespace(bytes: Buffer, at: number): number {
  let i = at;
  while (bytes[i] === SPACE || bytes[i] === TAB) i += 1;
  return i;
}

function skipWhitespaceBack(bytes: Buffer, at: number, floor: number): number {
  let i = at;
  while (i > floor && (bytes[i - 1] === SPACE || bytes[i - 1] === TAB)) i -= 1;
  return i;
}

/** Fields that steer the message itself; in a trailer they would change what has been decided already (RFC 9110, 6.5.1). */
const NEVER_IN_TRAILERS: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'location',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'www-authenticate',
]);

/** True when trailers frame the message once more: some reader would believe them (response splitting). */
export function hasFraming(trailers: readonly string[]): boolean {
  for (let i = 0; i < trailers.length; i += 2) {
    if (trailers[i] === 'content-length' || trailers[i] === 'transfer-encoding') return true;
  }
  return false;
}

/** Trailers without the fields that may not be there. */
export function withoutForbiddenTrailers(trailers: readonly string[]): readonly string[] {
  let kept: string[] | undefined;
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] as string;
    if (NEVER_IN_TRAILERS.has(name)) kept ??= trailers.slice(0, i);
    else kept?.push(name, trailers[i + 1] as string);
  }
  return kept ?? trailers;
}
