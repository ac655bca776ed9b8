// The fields of a fetch: what the cache asks of the backend, and what in the answer is for one client only.
import type { Headers } from '../http/headers.ts';
import { headerList, headerValue, setHeader, words } from '../http/headers.ts';
import type { Reply } from '../http/reply.ts';
import type { Ask } from './ask.ts';
import type { Entry } from './entry.ts';
import { normalCodings } from './vary.ts';

/** Conditions and ranges of the client: its answer is made from the stored one. */
const ASKED_OF_US = words('if-none-match if-modified-since if-range range');

/** Whether the backend can be asked if it still holds. */
export function canValidate({ etag, lastModified }: Entry): boolean {
  return etag !== undefined || lastModified !== undefined;
}

/** Whether the backend is asked without the client's own range and conditions: what these bring about is for nobody else. */
export function asksForAll({ isPlain }: Ask, stored: Entry | undefined): boolean {
  return isPlain || (stored !== undefined && canValidate(stored));
}

/** Whether the answer to a HEAD is about what is stored (RFC 9111, 4.3.5): the validators that it has are the same, and one it has. */
export function isAboutStored({ status, headers }: Reply, stored: Entry): boolean {
  const etag = headerValue(headers, 'etag');
  const lastModified = headerValue(headers, 'last-modified');
  const length = headerValue(headers, 'content-length');
  if (status !== stored.status || (etag === undefined && lastModified === undefined)) return false;
  if (etag !== undefined && etag !== stored.etag) return false;
  if (lastModified !== undefined && lastModified !== stored.lastModified) return false;
  return length === undefined || Number(length) === stored.body.length;
}

/** In place of the client's own request, one for the whole answer. */
export function withoutConditions(headers: readonly string[]): Headers {
  const out: Headers = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!ASKED_OF_US.has(headers[i] as string)) out.push(headers[i] as string, headers[i + 1] as string);
  }
  return out;
}

/** Whether a 304 with this ETag can be about what is stored with the other (RFC 9111, 4.3.4): a weak one need not be the very same. */
export function isSameTag(etag: string, stored: string): boolean {
  return etag === stored || (etag.startsWith('W/') && etag.slice(2) === stored.replace(/^W\//, ''));
}

/** The client's fields, with the validators of what is stored in place of the client's own. */
export function askedOfBackend(headers: readonly string[], stored: Entry | undefined): Headers {
  const validated = stored !== undefined && canValidate(stored) ? stored : undefined;
  const out = validated === undefined ? [...headers] : withoutConditions(headers);
  const codings = headerList(headers, 'accept-encoding');
  if (codings !== undefined) setHeader(out, 'accept-encoding', normalCodings(codings) || 'identity');
  if (validated?.etag !== undefined) out.push('if-none-match', validated.etag);
  if (validated?.lastModified !== undefined) out.push('if-modified-since', validated.lastModified);
  return out;
}

/** Takes the gateway's own cookie out; back comes the field. It is one client's and no obstacle to storing. */
export function takeCookies(headers: Headers, ownCookie: string | undefined): Headers {
  const taken: Headers = [];
  if (ownCookie === undefined) return taken;
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const isOwn = headers[i] === 'set-cookie' && (headers[i + 1] as string).startsWith(`${ownCookie}=`);
    if (isOwn) taken.push(...headers.splice(i, 2));
  }
  return taken;
}

/**
 * Who encodes an answer, or lets one other site read it (CORS), and does not say that it depends on what the client takes, or
 * on where it comes from, has forgotten to.
 */
export function chosenBy(vary: readonly string[], headers: readonly string[]): readonly string[] {
  const chosen = new Set(vary);
  if (headerValue(headers, 'content-encoding') !== undefined) chosen.add('accept-encoding');
  if ((headerValue(headers, 'access-control-allow-origin') ?? '*') !== '*') chosen.add('origin');
  return [...chosen];
}
