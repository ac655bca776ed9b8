// Whether a value can run a script in a page (`@detectXSS`). The verdict is that of libinjection 3.9.2, the version
// ModSecurity 3.0.9 bundles, for every value; the time is linear in its length.

import { byteAt } from '../transforms/bytes.ts';
import { open } from '../transforms/scratch.ts';
import {
  ATTRIBUTE_NAME,
  ATTRIBUTE_VALUE,
  BEFORE_ATTRIBUTE,
  COMMENT,
  DOCTYPE,
  type HtmlContext,
  IN_BACKTICKS,
  IN_DOUBLE_QUOTES,
  IN_SINGLE_QUOTES,
  IN_TEXT,
  TAG_NAME,
} from './html-kinds.ts';
import { HtmlTokens } from './html-tokenizer.ts';
import {
  BLACK_ATTRIBUTE,
  BLACK_TAG,
  blackSchemes,
  meaningOf,
  NAMING_ATTRIBUTE,
  URL_ATTRIBUTE,
  upperCode,
} from './xss-names.ts';

const tokens = new HtmlTokens();

/** The first backtick at or after the last comment, or the end of the value. */
let nextBacktick = -1;

/** A value with none of these bytes, `<` and `=`, gives no verdict: a tag begins with one, a value with the other. */
export const xssTriggers: readonly number[] = [0x3c, 0x3d];

/** Whether the value has no byte of `xssTriggers`, so that `detectXss` would answer false. */
export function cannotBeXss(value: string): boolean {
  return !value.includes('<') && !value.includes('=');
}

/**
 * Whether the value is an attack if it is put into text, into a tag, or into an attribute value with or without
 * quotes. In quotes it has to have such a quote to get out.
 */
export function detectXss(value: string): boolean {
  if (cannotBeXss(value)) return false;
  const bytes = open(value);
  return (
    (value.includes('<') && isAttack(value, bytes, IN_TEXT)) ||
    isAttack(value, bytes, BEFORE_ATTRIBUTE) ||
    (value.includes("'") && isAttack(value, bytes, IN_SINGLE_QUOTES)) ||
    (value.includes('"') && isAttack(value, bytes, IN_DOUBLE_QUOTES)) ||
    (value.includes('`') && isAttack(value, bytes, IN_BACKTICKS))
  );
}

function isAttack(value: string, bytes: Uint8Array, context: HtmlContext): boolean {
  /** What the attribute is whose value may come next. */
  let attribute = 0;
  nextBacktick = -1;
  tokens.begin(value, bytes, context);
  while (tokens.next()) {
    const { kind, start, length } = tokens;
    if (kind === ATTRIBUTE_VALUE) {
      if (attribute !== 0 && isHarmful(bytes, start, length, attribute)) return true;
      attribute = 0;
      continue;
    }
    attribute = kind === ATTRIBUTE_NAME ? attributeMeaning(bytes, start, length) : 0;
    if (kind === DOCTYPE) return true;
    if (kind === TAG_NAME && isBlackTag(bytes, start, length)) return true;
    if (kind === COMMENT && isBlackComment(bytes, start, length)) return true;
  }
  return false;
}

function isHarmful(bytes: Uint8Array, start: number, length: number, attribute: number): boolean {
  if (attribute === URL_ATTRIBUTE) return isBlackUrl(bytes, start, start + length);
  return attribute === BLACK_ATTRIBUTE || attributeMeaning(bytes, start, length) !== 0;
}

function isBlackTag(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < 3) return false;
  return (
    startsWithName(bytes, start, 'SVG') ||
    startsWithName(bytes, start, 'XSL') ||
    (meaningOf(bytes, start, length) & BLACK_TAG) !== 0
  );
}

/** Every attribute of five bytes or more that begins with "on" is taken for an event. */
function attributeMeaning(bytes: Uint8Array, start: number, length: number): number {
  if (length < 2) return 0;
  if (
    length >= 5 &&
    (startsWithName(bytes, start, 'ON') ||
      startsWithName(bytes, start, 'XMLNS') ||
      startsWithName(bytes, start, 'XLINK'))
  ) {
    return BLACK_ATTRIBUTE;
  }
  return meaningOf(bytes, start, length) & (BLACK_ATTRIBUTE | URL_ATTRIBUTE | NAMING_ATTRIBUTE);
}

/** What Internet Explorer runs within a comment: a backtick, which ends a tag there, a condition, an import. */
function isBlackComment(bytes: Uint8Array, start: number, length: number): boolean {
  if (hasBacktick(start, length)) return true;
  if (length <= 3) return false;
  if (startsWithName(bytes, start, '[IF') || startsWithName(bytes, start, 'XML')) return true;
  return length > 5 && (startsWithName(bytes, start, 'IMPORT') || startsWithName(bytes, start, 'ENTITY'));
}

/** Looks further only when the last backtick that was found is passed, so that many comments cost one search. */
function hasBacktick(start: number, length: number): boolean {
  if (nextBacktick < start) {
    const found = tokens.value.indexOf('`', start);
    nextBacktick = found < 0 ? tokens.end : found;
  }
  return nextBacktick < start + length;
}

/** Whether the text, in upper case, stands at a position; a NUL is not skipped here. */
function startsWithName(bytes: Uint8Array, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (upperCode(byteAt(bytes, start + at, tokens.end)) !== text.charCodeAt(at)) return false;
  }
  return true;
}

/** Whether a URL begins with a black scheme, in whatever entities, spaces and NULs it is written. */
function isBlackUrl(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && isIgnoredBeforeUrl(bytes[at]!)) at++;
  let text = '';
  while (at < end && text.length < 11) {
    const code = readCode(bytes, at, end);
    at = nextPosition;
    if (text === '' ? code <= 0x20 : code === 0 || code === 0x0a) continue;
    // As published, the low eight bits of a code are compared, but what is a letter is asked of the whole code.
    text += String.fromCharCode(upperCode(code) & 0xff);
    if (!blackSchemes.some((scheme) => scheme.startsWith(text) || text.startsWith(scheme))) return false;
  }
  return blackSchemes.some((scheme) => text.startsWith(scheme));
}

function isIgnoredBeforeUrl(byte: number): boolean {
  return byte <= 0x20 || byte >= 0x7f;
}

/** Where `readCode` stopped. */
let nextPosition = 0;

/** The character at a position, a numeric entity decoded. Named ones are not: none begins a scheme. */
function readCode(bytes: Uint8Array, at: number, end: number): number {
  nextPosition = at + 1;
  const byte = bytes[at]!;
  if (byte !== 0x26 || at + 1 >= end || bytes[at + 1] !== 0x23) return byte;
  const isHex = (byteAt(bytes, at + 2, tokens.end) | 0x20) === 0x78;
  const first = at + (isHex ? 3 : 2);
  let position = first;
  let code = 0;
  for (; position === first || position < end; position++) {
    const digit = digitOf(byteAt(bytes, position, tokens.end), isHex);
    if (digit < 0) break;
    code = code * (isHex ? 16 : 10) + digit;
    // No character: what looked like an entity is an ampersand.
    if (code > maxCode) return byte;
  }
  if (position === first) return byte;
  nextPosition = position < end && bytes[position] === 0x3b ? position + 1 : position;
  return code;
}

const maxCode = 0x1000ff;

function digitOf(byte: number, isHex: boolean): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const upper = byte & 0xdf;
  return isHex && upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
}
