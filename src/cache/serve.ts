// From a stored answer to the reply that this request gets: whole, a part, or the word that the client has it already.
import type { BodySource } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Headers } from '../http/headers.ts';
import { words } from '../http/headers.ts';
import type { Reply } from '../http/reply.ts';
import type { Ask } from './ask.ts';
import { statusField } from './cache-status.ts';
import { isNotModified, type Range, rangeOf } from './conditional.ts';
import type { Entry, EntryHead } from './entry.ts';

/** What describes a body that is not sent (RFC 9110, 15.4.5). */
const NOT_IN_304 = words('content-length content-encoding content-range content-type content-language trailer');

/** `now`: milliseconds since the epoch. `how`: for Cache-Status. */
export function serveStored(x: Exchange, entry: Entry, ask: Ask, now: number, how: string): Reply {
  const { body, status } = entry;
  if (status === 200) {
    if (ask.ifNoneMatch !== undefined || ask.ifModifiedSince !== undefined) {
      if (isNotModified(ask, entry)) return notModified(x, entry, now, how);
    }
    if (ask.range !== undefined && !ask.isHead) {
      const range = rangeOf(ask, entry, body.length);
      if (range === 'outside') return outside(x, entry, now, how, body.length);
      if (range !== undefined) return servePart(x, entry, range, now, how);
    }
  }
  const headers = fields(x, entry, now, how);
  return status === 204 ? { status, headers, body: undefined } : { status, headers, body, codings: entry.codings };
}

/** Of a whole answer, or of a part that holds all of the range. */
export function servePart(x: Exchange, entry: Entry, { from, to }: Range, now: number, how: string): Reply {
  const { body, part: { from: start, total } = { from: 0, total: body.length } } = entry;
  const headers = fields(x, entry, now, how, 'content-length');
  const part = body.subarray(from - start, to - start + 1);
  headers.push('content-range', `bytes ${from}-${to}/${total}`, 'content-length', String(part.length));
  return { status: 206, headers, body: part };
}

/** One whose body is still coming. */
export function serveComing(
  x: Exchange,
  head: EntryHead,
  body: () => BodySource,
  ask: Ask,
  now: number,
  how: string,
): Reply {
  const isAsked = ask.ifNoneMatch !== undefined || ask.ifModifiedSince !== undefined;
  if (head.status === 200 && isAsked && isNotModified(ask, head)) return notModified(x, head, now, how);
  return { status: head.status, headers: fields(x, head, now, how), body: body() };
}

function notModified(x: Exchange, entry: EntryHead, now: number, how: string): Reply {
  const headers: Headers = [];
  for (let i = 0; i < entry.headers.length; i += 2) {
    const name = entry.headers[i] as string;
    if (!NOT_IN_304.has(name)) headers.push(name, entry.headers[i + 1] as string);
  }
  return { status: 304, headers: own(headers, x, entry, now, how), body: undefined };
}

function outside(x: Exchange, entry: EntryHead, now: number, how: string, length: number): Reply {
  const headers = own(['content-range', `bytes */${length}`, 'content-length', '0'], x, entry, now, how);
  return { status: 416, headers, body: undefined };
}

function fields(x: Exchange, entry: EntryHead, now: number, how: string, without?: string): Headers {
  const headers = entry.headers.slice();
  if (without !== undefined) {
    for (let i = headers.length - 2; i >= 0; i -= 2) if (headers[i] === without) headers.splice(i, 2);
  }
  return own(headers, x, entry, now, how);
}

/** In place: what belongs to this one answer. */
function own(headers: Headers, x: Exchange, entry: EntryHead, now: number, how: string): Headers {
  const ageSeconds = Math.max(0, Math.floor((now - entry.bornAt) / 1000));
  headers.push('age', String(ageSeconds), 'cache-status', statusField(how, entry, now), 'x-request-id', x.id);
  return headers;
}
