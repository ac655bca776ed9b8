// What an attacker may have wrapped a text in, taken off until nothing changes: percent escapes, entities, escapes of JavaScript
// strings, UTF-7, overlong UTF-8, characters that look like ASCII. One pass a round, no round without an end, never longer.
import { base64Text } from './base64-text.ts';
import { byteAt, firstOf, flagsOf, HEX, hexPair, isAlphanumeric } from './bytes.ts';
import { ENTITY_NAMES, LONGEST_ENTITY_NAME } from './entity-names.ts';
import { lookalike } from './lookalikes.ts';
import { close, open, type Scratch } from './scratch.ts';
import { byteRange, bytesOf, type Transform } from './transform.ts';

const URL = 1;
const HTML = 2;
const JS = 4;
const UNICODE = 8;

/** So many times a text is unwrapped; who wraps deeper finds no reader that follows. */
const MOST_ROUNDS = 4;

/** `%HH` and `%uHHHH` until stable; a plus is a blank where the same round found an escape. */
export const urlDeep: Transform = unfolding('urldeep', URL, bytesOf('%'));

/** Character references by number, and by name as far as they stand for ASCII, until stable. */
export const htmlDeep: Transform = unfolding('htmldeep', HTML, bytesOf('&'));

/** `\xHH`, `\uHHHH`, `\u{H…}` and octal ones; every other backslash stays, so that paths of Windows live. */
export const escapes: Transform = unfolding('escapes', JS, bytesOf('\\'));

/** Overlong UTF-8 (RFC 3629, 10) and look-alikes to the ASCII that they are taken for; NUL goes. */
export const asciiForm: Transform = unfolding('asciiform', UNICODE, [0, ...byteRange(0xc0, 0xff)]);

const EVERYTHING = URL | HTML | JS | UNICODE;
const WRAPPED = flagsOf([0, ...bytesOf('%&\\+'), ...byteRange(0xc0, 0xff)]);

/** All of these, UTF-7 and base64 together until stable. */
export const unwrap: Transform = {
  name: 'unwrap',
  triggers: undefined,
  adds: 'any',
  apply(value) {
    let text = value;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const before = text;
      text = base64Text.apply(unwrapOnce(text, WRAPPED, EVERYTHING));
      if (text === before) return text;
    }
    return text;
  },
};

function unfolding(name: string, kinds: number, triggers: readonly number[]): Transform {
  const flags = flagsOf(triggers);
  return {
    name,
    triggers,
    adds: 'any',
    apply(value) {
      let text = value;
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const before = text;
        text = unwrapOnce(text, flags, kinds);
        if (text === before) return text;
      }
      return text;
    },
  };
}

/** The same string when there is nothing to take off. */
function unwrapOnce(text: string, flags: Uint8Array, kinds: number): string {
  const start = firstOf(text, flags);
  return start === -1 ? text : unwrapFrom(text, start, kinds);
}

/** Where the last escape ended. */
let next = 0;

function unwrapFrom(text: string, start: number, kinds: number): string {
  const out = open(text);
  const end = text.length;
  const plus = (kinds & URL) !== 0 && hasEscape(out, start, end) ? 0x20 : 0x2b;
  let length = start;
  for (let index = start; index < end; ) {
    const byte = out[index]!;
    const code = byte === 0x2b && plus === 0x20 ? utf7Or(out, index, end, kinds, plus) : decode(out, index, end, kinds);
    if (code === NOTHING) {
      out[length++] = byte;
      index++;
    } else {
      length = put(out, length, code, kinds);
      index = next;
    }
  }
  return close(out, length, text);
}

const NOTHING = -1;
/** Added to what is a byte and not a character. */
const AS_BYTE = 0x40000000;

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === 0x25 && percent(bytes, at, end) !== NOTHING) return true;
  return false;
}

/** The character at an index when it is written in one of these ways; `next` is then behind it. */
function decode(bytes: Scratch, index: number, end: number, kinds: number): number {
  const byte = bytes[index]!;
  switch (byte) {
    case 0x25:
      return (kinds & URL) === 0 ? NOTHING : percent(bytes, index, end);
    case 0x26:
      return (kinds & HTML) === 0 ? NOTHING : entity(bytes, index, end);
    case 0x5c:
      return (kinds & JS) === 0 ? NOTHING : scriptEscape(bytes, index, end);
    case 0x2b:
      return kinds === EVERYTHING ? utf7(bytes, index, end) : NOTHING;
  }
  return (kinds & UNICODE) !== 0 && (byte === 0 || byte >= 0xc0) ? sequence(bytes, index, end) : NOTHING;
}

function utf7Or(bytes: Scratch, index: number, end: number, kinds: number, other: number): number {
  const code = decode(bytes, index, end, kinds);
  return code === NOTHING ? found(other, index + 1) : code;
}

function percent(bytes: Uint8Array, index: number, end: number): number {
  if ((byteAt(bytes, index + 1, end) | 0x20) === 0x75) {
    const unit = unitAt(bytes, index + 2, end);
    return unit === NOTHING ? NOTHING : found(unit, index + 6);
  }
  const pair = hexPair(bytes, index + 1, end);
  return pair === -1 ? NOTHING : found(pair | AS_BYTE, index + 3);
}

function unitAt(bytes: Uint8Array, index: number, end: number): number {
  const high = hexPair(bytes, index, end);
  const low = hexPair(bytes, index + 2, end);
  return (high | low) < 0 ? NOTHING : (high << 8) | low;
}

function entity(bytes: Scratch, index: number, end: number): number {
  if (byteAt(bytes, index + 1, end) === 0x23) {
    const isHex = (byteAt(bytes, index + 2, end) | 0x20) === 0x78;
    return number(bytes, index + (isHex ? 3 : 2), end, isHex ? 16 : 10, 0x3b);
  }
  let at = index + 1;
  while (at <= index + LONGEST_ENTITY_NAME && at < end && isAlphanumeric(bytes[at]!)) at++;
  const code = ENTITY_NAMES.get(bytes.latin1Slice(index + 1, at).toLowerCase());
  return code === undefined ? NOTHING : found(code, byteAt(bytes, at, end) === 0x3b ? at + 1 : at);
}

/** Digits, and a mark behind them when it is there. */
function number(bytes: Uint8Array, from: number, end: number, base: number, mark: number): number {
  let code = 0;
  let at = from;
  for (; at < end; at++) {
    const digit = HEX[bytes[at]!]!;
    if (digit === -1 || digit >= base) break;
    code = Math.min(code * base + digit, LAST_CHARACTER + 1);
  }
  if (at === from || code > LAST_CHARACTER) return NOTHING;
  return found(code, byteAt(bytes, at, end) === mark ? at + 1 : at);
}

const LAST_CHARACTER = 0x10ffff;

function scriptEscape(bytes: Uint8Array, index: number, end: number): number {
  const kind = byteAt(bytes, index + 1, end);
  if (kind === 0x78) {
    const pair = hexPair(bytes, index + 2, end);
    return pair === -1 ? NOTHING : found(pair | AS_BYTE, index + 4);
  }
  if (kind === 0x75) {
    if (byteAt(bytes, index + 2, end) === 0x7b) {
      const code = number(bytes, index + 3, end, 16, 0x7d);
      return code === NOTHING || bytes[next - 1] !== 0x7d ? NOTHING : code;
    }
    const unit = unitAt(bytes, index + 2, end);
    return unit === NOTHING ? NOTHING : found(unit, index + 6);
  }
  return octal(bytes, index + 1, end);
}

/** Two or three digits that make a visible character: `\1` is a back-reference, and `\0` nobody needs. */
function octal(bytes: Uint8Array, from: number, end: number): number {
  let code = 0;
  let at = from;
  for (; at < from + 3; at++) {
    const digit = byteAt(bytes, at, end) - 0x30;
    if (digit < 0 || digit > 7) break;
    code = code * 8 + digit;
  }
  return at < from + 2 || code < 0x20 || code > 0x7e ? NOTHING : found(code, at);
}

/** `+ADw-`: one or more characters of ASCII in UTF-16, in base64, between plus and minus (RFC 2152). */
function utf7(bytes: Scratch, index: number, end: number): number {
  // One character: 16 bits in three digits of base64, of which the first eight are zero.
  if (byteAt(bytes, index + 4, end) !== 0x2d || bytes[index + 1] !== 0x41) return NOTHING;
  const unit = Buffer.from(`${bytes.latin1Slice(index + 1, index + 4)}A`, 'base64');
  const code = unit[0] === 0 && unit.length >= 2 ? (unit[1] as number) : 0;
  return code < 0x20 || code > 0x7e ? NOTHING : found(code, index + 5);
}

/** A character of several bytes that is overlong or looks like ASCII. */
function sequence(bytes: Uint8Array, index: number, end: number): number {
  const lead = bytes[index]!;
  if (lead === 0) return found(DROPPED, index + 1);
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  let code = lead & (0x7f >> size);
  for (let offset = 1; offset < size; offset++) {
    const byte = byteAt(bytes, index + offset, end);
    if (byte === -1 || (byte & 0xc0) !== 0x80) return lead < 0xc2 ? found(DROPPED, index + 1) : NOTHING;
    code = (code << 6) | (byte & 0x3f);
  }
  if (code >= 0x80 && lookalike(code) === undefined) return NOTHING;
  return found(code, index + size);
}

const DROPPED = 0;

function found(code: number, behind: number): number {
  next = behind;
  return code;
}

function put(out: Scratch, length: number, code: number, kinds: number): number {
  if ((code & AS_BYTE) !== 0) {
    out[length] = code & 0xff;
    return length + 1;
  }
  const form = (kinds & UNICODE) === 0 ? undefined : code === DROPPED ? '' : lookalike(code);
  if (form !== undefined) return length + out.latin1Write(form, length, form.length);
  if (code < 0x80) {
    out[length] = code;
    return length + 1;
  }
  return length + out.write(String.fromCodePoint(code), length, 'utf8');
}
