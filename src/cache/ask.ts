// What a request says to a cache: read once, in one walk over its fields.
import { IDENTITY_CLAIMS, PLACE_CLAIMS } from '../http/claims.ts';
import { cookieNames } from '../http/cookies.ts';
import type { Exchange } from '../http/exchange.ts';
import { type RequestControl, requestControl } from './request-control.ts';

export interface Ask {
  /** Nothing is looked up or kept: what it asks for, or how, is not in the key. */
  readonly isOut: boolean;
  /** It may change what is stored under its URL (RFC 9110, 9.2.1), or make a backend believe so. */
  readonly isUnsafe: boolean;
  readonly isHead: boolean;
  /** undefined: it says nothing. */
  readonly control: RequestControl | undefined;
  /** No range and no condition: the answer is the whole one. */
  readonly isPlain: boolean;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  /** It proves who asks: Authorization or a key, a client's certificate, or the word of a trusted proxy. */
  readonly hasCredentials: boolean;
  /** Others than the gateway's own. */
  readonly hasCookies: boolean;
  /** What a trusted proxy says of the host and scheme that the client used; the backend may build links of it. */
  readonly place: string;
}

const OVERRIDE = 1;
const KEY = 2;
/** One look for each field that has no name of its own below. */
const KINDS: ReadonlyMap<string, number> = new Map([
  // A backend may take another method from these, and the gateway has judged the one on the request line.
  ...each(OVERRIDE, 'x-http-method-override x-http-method x-method-override'),
  // What applications ask for in place of Authorization.
  ...each(KEY, 'x-api-key api-key apikey x-goog-api-key x-auth-key x-auth-token x-access-token x-session-token'),
  ...each(KEY, 'x-amz-security-token private-token'),
]);

function each(kind: number, names: string): [string, number][] {
  return names.split(' ').map((name) => [name, kind]);
}

/** What a client says of its connection without taking a field away from the backend. */
const OF_CONNECTIONS = new Set(['close', 'keep-alive', 'upgrade', 'te', 'http2-settings', '']);
const WRITTEN_PLACES = new Set(['x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'forwarded']);
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** `ownCookie`: one that the gateway itself sets and no backend sees. */
export function readAsk(x: Exchange, ownCookie: string | undefined): Ask {
  const { method, headers, body, isWebSocket, isGrpc } = x.request;
  let cacheControl: string | undefined;
  let pragma: string | undefined;
  let range: string | undefined;
  let ifRange: string | undefined;
  let ifNoneMatch: string | undefined;
  let ifModifiedSince: string | undefined;
  let hasCredentials = x.clientCertificate !== undefined && x.clientCertificate !== null;
  let hasCookies = false;
  let hasOverride = false;
  let hidesFields = false;
  let isForTheOrigin = false;
  let place = '';
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    switch (name) {
      case 'cache-control':
        cacheControl = joined(cacheControl, value);
        break;
      case 'pragma':
        pragma = joined(pragma, value);
        break;
      case 'range':
        range = joined(range, value);
        break;
      case 'if-range':
        ifRange = value;
        break;
      case 'if-none-match':
        ifNoneMatch = joined(ifNoneMatch, value);
        break;
      case 'if-modified-since':
        ifModifiedSince = value;
        break;
      case 'if-match':
      case 'if-unmodified-since':
        // Only the origin may judge these (RFC 9111, 4.3.2).
        isForTheOrigin = true;
        break;
      case 'authorization':
        hasCredentials = true;
        break;
      case 'cookie':
        hasCookies ||= ownCookie === undefined || cookieNames(value).some((each) => each !== ownCookie);
        break;
      case 'connection':
        // The backend does not get the fields that are named here, and Vary may speak of them: each answer would be stored as
        // that to a request with them (hop-by-hop abuse).
        if (value !== 'keep-alive' && value !== 'close')
          hidesFields ||= value.split(',').some((each) => !OF_CONNECTIONS.has(each.trim().toLowerCase()));
        break;
      default: {
        const kind = KINDS.get(name);
        if (kind === OVERRIDE) hasOverride = true;
        else if (kind === KEY) hasCredentials = true;
        if (!x.fromTrustedProxy) continue;
        if (IDENTITY_CLAIMS.has(name)) hasCredentials = true;
        else if (PLACE_CLAIMS.has(name) || WRITTEN_PLACES.has(name)) place += ` ${name}=${value}`;
      }
    }
  }
  const control = requestControl(cacheControl, pragma);
  const isReading = method === 'GET' || method === 'HEAD';
  return {
    isOut:
      !isReading ||
      body !== undefined ||
      isWebSocket ||
      isGrpc ||
      hasOverride ||
      hidesFields ||
      isForTheOrigin ||
      control?.noStore === true,
    isUnsafe: !SAFE.has(method) || hasOverride || isGrpc,
    isHead: method === 'HEAD',
    control,
    isPlain: range === undefined && ifNoneMatch === undefined && ifModifiedSince === undefined,
    range,
    ifRange,
    ifNoneMatch,
    ifModifiedSince,
    hasCredentials,
    hasCookies,
    place,
  };
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
