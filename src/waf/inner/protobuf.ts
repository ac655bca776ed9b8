// The texts in a message of Protocol Buffers (protobuf.dev, Encoding), read without its schema: a field of bytes is a text,
// a message within, or neither.
import { isUtf8 } from 'node:buffer';
import type { Named } from '../bodies/named.ts';

const MOST_LEVELS = 16;
const MOST_FIELDS = 10_000;
/** A number of 64 bits. */
const MOST_VARINT_BYTES = 10;

/** Texts by the numbers of their fields, `1.3`; undefined: these bytes are no message. `isCut`: they are the beginning of one. */
export function protobufTexts(message: Buffer, isCut = false): Named[] | undefined {
  const reader: Reader = { found: [], fieldsLeft: MOST_FIELDS, isCut };
  return readMessage(message, '', 1, reader) || isCut ? reader.found : undefined;
}

interface Reader {
  readonly found: Named[];
  fieldsLeft: number;
  readonly isCut: boolean;
}

function readMessage(bytes: Buffer, prefix: string, level: number, reader: Reader): boolean {
  const before = reader.found.length;
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    const field = Math.floor(tag / 8);
    at = end;
    const next = field === 0 || --reader.fieldsLeft < 0 ? -1 : readField(bytes, at, tag & 7);
    if (tag === -1 || next === -1) {
      if (!reader.isCut) reader.found.length = before;
      else if (field > 0 && (tag & 7) === LENGTH_DELIMITED)
        readCut(bytes.subarray(end), `${prefix}${field}`, level, reader);
      return false;
    }
    if ((tag & 7) === LENGTH_DELIMITED) readBytes(bytes.subarray(end, next), `${prefix}${field}`, level, reader);
    at = next;
  }
  return true;
}

const LENGTH_DELIMITED = 2;

/** Where the next field begins; `end` is then where the value of this one does. -1: this is no field. */
function readField(bytes: Buffer, at: number, type: number): number {
  end = at;
  if (type === 0) return varint(bytes, at) === -1 ? -1 : end;
  const size = type === 1 ? 8 : type === 5 ? 4 : type === LENGTH_DELIMITED ? varint(bytes, at) : -1;
  const next = size === -1 ? -1 : end + size;
  return next > bytes.length ? -1 : next;
}

function readBytes(value: Buffer, name: string, level: number, reader: Reader): void {
  if (isText(value)) reader.found.push({ name, value: value.toString('latin1') });
  else if (level < MOST_LEVELS) readMessage(value, `${name}.`, level + 1, reader);
}

/** The last field of a message that is cut off, perhaps within a character. */
function readCut(value: Buffer, name: string, level: number, reader: Reader): void {
  let size = value.length;
  if (!isText(value)) while (size > Math.max(0, value.length - 3) && (value[size - 1] as number) >= 0x80) size--;
  const whole = value.subarray(0, size);
  if (size > 0 && isText(whole)) reader.found.push({ name, value: whole.toString('latin1') });
  else if (level < MOST_LEVELS) readMessage(value, `${name}.`, level + 1, reader);
}

/** UTF-8 without control characters, but for white space. */
export function isText(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  return isUtf8(bytes);
}

/** Where the last number ended. */
let end = 0;

/** A number, exact up to 53 bits; -1: there is none. */
function varint(bytes: Buffer, from: number): number {
  let value = 0;
  for (let index = from; index < bytes.length && index < from + MOST_VARINT_BYTES; index++) {
    const byte = bytes[index] as number;
    value += (byte & 0x7f) * 2 ** (7 * (index - from));
    if (byte < 0x80) {
      end = index + 1;
      return value;
    }
  }
  return -1;
}
