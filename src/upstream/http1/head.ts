// The head of a response: status line and fields, and what they say about the body's length and the
// connection's future (RFC 9112, 6.3 and 9.3). Two possible readings are one error: the gateway never guesses.
import type { Headers } from '../../http/headers.ts';
import { readFields } from './fields.ts';
import { CLASSES, CR, LF, SPACE, VALUE } from './syntax.ts';

const ZERO = 48;
const NINE = 57;
/** `HTTP/1.1 200` */
const STATUS_LINE_BYTES = 12;
const VERSION = Buffer.from('HTTP/1.', 'latin1');

export class ResponseHead {
  status = 0;
  /** The y of HTTP/1.y: 0 or 1. */
  minor = 1;
  /** Without the fields of the connection. */
  headers: Headers = [];
  /** Undefined when the field is absent. */
  contentLength: number | undefined;
  isChunked = false;
  /** What the peer says; how the body ended decides too. */
  isKeptAlive = true;
  /** `Keep-Alive: timeout`, in seconds; undefined when the peer gives no hint. */
  keepAliveSeconds: number | undefined;
  /** The Upgrade field, where Connection names it too. */
  upgrade: string | undefined;
}

/** Reads a whole head that ends, blank line included, at `end`. Answers what is wrong as a string. */
export function readHead(bytes: Buffer, start: number, end: number, maxFields: number): ResponseHead | string {
  const head = new ResponseHead();
  const fieldsAt = readStatusLine(bytes, start, end, head);
  if (fieldsAt === -1) return 'a malformed status line';
  const fields: string[] = [];
  return readFields(bytes, fieldsAt, end, maxFields, fields) ?? readFraming(fields, head) ?? head;
}

/** Whether the bytes can become a status line; used on a part, to refuse at once what never will. */
export function isStatusLinePart(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, VERSION.length);
  return VERSION.compare(bytes, 0, length, 0, length) === 0;
}

/** RFC 9112, 4. Answers where the fields begin, -1 for anything but HTTP/1.0 or 1.1 and a status of 100 to 599. */
function readStatusLine(bytes: Buffer, start: number, end: number, head: ResponseHead): number {
  if (end - start < STATUS_LINE_BYTES + 4 || VERSION.compare(bytes, start, start + VERSION.length) !== 0) return -1;
  head.minor = (bytes[start + 7] as number) - ZERO;
  const hundreds = digit(bytes[start + 9]);
  const tens = digit(bytes[start + 10]);
  const units = digit(bytes[start + 11]);
  if ((head.minor !== 0 && head.minor !== 1) || bytes[start + 8] !== SPACE) return -1;
  if (hundreds < 1 || hundreds > 5 || tens < 0 || units < 0) return -1;
  head.status = hundreds * 100 + tens * 10 + units;
  let i = start + STATUS_LINE_BYTES;
  // Without a reason phrase the space before it is often missing too; llhttp takes that as well.
  if (bytes[i] === SPACE) while (((CLASSES[bytes[i] as number] as number) & VALUE) !== 0) i += 1;
  return bytes[i] === CR && bytes[i + 1] === LF ? i + 2 : -1;
}

function digit(byte: number | undefined): number {
  return byte !== undefined && byte >= ZERO && byte <= NINE ? byte - ZERO : -1;
}

/** Takes the connection's own fields out of the list (RFC 9110, 7.6.1) and reads them; the rest becomes the head's. */
function readFraming(fields: string[], head: ResponseHead): string | undefined {
  let connection: string | undefined;
  let upgrade: string | undefined;
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    let value = fields[i + 1] as string;
    if (name === 'content-length') {
      // Several lengths, even equal ones, are how a response is split or a next one is hidden (RFC 9112, 6.3).
      if (head.contentLength !== undefined) return 'more than one Content-Length';
      head.contentLength = readLength(value);
      if (head.contentLength === undefined) return 'a malformed Content-Length';
      if (value.length > 1 && value.charCodeAt(0) === ZERO) value = String(head.contentLength);
    } else if (name === 'transfer-encoding') {
      if (head.isChunked || value.toLowerCase() !== 'chunked') return 'a Transfer-Encoding other than chunked';
      head.isChunked = true;
    } else if (name === 'connection') {
      connection = connection === undefined ? value : `${connection},${value}`;
    } else if (name === 'upgrade') {
      upgrade = upgrade === undefined ? value : `${upgrade}, ${value}`;
    } else if (name === 'keep-alive') {
      head.keepAliveSeconds = readKeepAlive(value);
    }
    if (isHopByHop(name)) continue;
    fields[kept] = name;
    fields[kept + 1] = value;
    kept += 2;
  }
  fields.length = kept;
  head.headers = fields;
  if (head.isChunked && head.contentLength !== undefined) return 'both Transfer-Encoding and Content-Length';
  if (head.isChunked && head.minor === 0) return 'Transfer-Encoding in an HTTP/1.0 answer';
  head.isKeptAlive = head.minor === 1;
  if (connection !== undefined) readConnection(connection.toLowerCase(), upgrade, head);
  return undefined;
}

function isHopByHop(name: string): boolean {
  switch (name) {
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
      return true;
    default:
      return false;
  }
}

/** Digits only, at most 2^53-1: a sum that overflows would be another length. */
function readLength(value: string): number | undefined {
  let length = 0;
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code < ZERO || code > NINE) return undefined;
    length = length * 10 + code - ZERO;
    if (length > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return value.length > 0 ? length : undefined;
}

/** `timeout=5, max=100`: the seconds, undefined when there are none to read. */
function readKeepAlive(value: string): number | undefined {
  const match = /(?:^|[,\s])timeout\s*=\s*"?(\d{1,9})/i.exec(value);
  return match === null ? undefined : Number(match[1]);
}

function readConnection(connection: string, upgrade: string | undefined, head: ResponseHead): void {
  if (connection === 'keep-alive') {
    head.isKeptAlive = true;
    return;
  }
  const options = new Set(connection.split(',').map((option) => option.trim()));
  if (options.has('keep-alive')) head.isKeptAlive = true;
  if (options.has('close')) head.isKeptAlive = false;
  if (options.has('upgrade')) head.upgrade = upgrade;
  const { headers } = head;
  let kept = 0;
  for (let i = 0; i < headers.length; i += 2) {
    if (options.has(headers[i] as string)) continue;
    headers[kept] = headers[i] as string;
    headers[kept + 1] = headers[i + 1] as string;
    kept += 2;
  }
  headers.length = kept;
}
