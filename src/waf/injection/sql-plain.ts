// Words and numbers of SQL. Each function reads one token into a slot and returns where the next begins.

import {
  byteSets,
  CUTS_WORD,
  ENDS_WORD,
  findSet,
  IN_BITS,
  IN_HEX,
  IN_MONEY,
  IS_DIGIT,
  IS_SPACE,
  skipSet,
} from './sql-bytes.ts';
import { findWord, hashFactor, hashSeed, upperCase, wordKind } from './sql-dictionary.ts';
import { BAREWORD, DOT, NUMBER, type SqlTokens } from './sql-tokens.ts';

/** No word of the dictionary is longer, and a word is cut at no point further on. */
const reach = 31;

/**
 * A word, of the kind the dictionary gives it. A word that goes on with `.` or a backtick ends before it when what
 * stands there has a meaning (`SELECT.1`). Only the first bytes are searched for that, so a long run of dotted
 * keywords is read once and not once for each keyword.
 */
export function readWord(t: SqlTokens, slot: number): number {
  const { bytes } = t;
  const start = t.position;
  const near = Math.min(t.end, start + reach);
  let hash = hashSeed;
  let at = start;
  for (; at < near; at++) {
    const byte = bytes[at]!;
    const sets = byteSets[byte]! & (ENDS_WORD | CUTS_WORD);
    if (sets !== 0) {
      if (sets === ENDS_WORD) break;
      const word = findWord(bytes, start, at, hash);
      const kind = wordKind[word]!;
      if (kind !== 0 && kind !== BAREWORD) {
        t.set(slot, kind, start, at - start);
        t.word[slot] = word;
        return at;
      }
    }
    hash = Math.imul(hash ^ (byte & 0xdf), hashFactor);
  }
  if (at === start + reach) {
    at = findSet(bytes, at, t.end, ENDS_WORD);
    t.set(slot, BAREWORD, start, at - start);
    return at;
  }
  const word = findWord(bytes, start, at, hash);
  const kind = wordKind[word]!;
  t.set(slot, kind === 0 ? BAREWORD : kind, start, at - start);
  t.word[slot] = word;
  return at;
}

/** A number in any spelling: `12`, `1.5e-3`, `.5`, `0xFF`, `0b01`, Oracle's `1.2f`; or a dot alone. */
export function readNumber(t: SqlTokens, slot: number): number {
  const { bytes } = t;
  const end = t.end;
  const start = t.position;
  if (bytes[start]! === 0x30 && start + 1 < end) {
    const base = upperCase[bytes[start + 1]!];
    const digits = base === 0x58 ? IN_HEX : base === 0x42 ? IN_BITS : 0;
    if (digits !== 0) {
      const at = skipSet(bytes, start + 2, end, digits);
      t.set(slot, at === start + 2 ? BAREWORD : NUMBER, start, at - start);
      return at;
    }
  }
  let at = skipSet(bytes, start, end, IS_DIGIT);
  if (at < end && bytes[at]! === 0x2e) {
    at = skipSet(bytes, at + 1, end, IS_DIGIT);
    if (at - start === 1) {
      t.set(slot, DOT, start, 1);
      return at;
    }
  }
  let kind = NUMBER;
  if (at < end && upperCase[bytes[at]!] === 0x45) {
    at++;
    if (at < end && (bytes[at]! === 0x2b || bytes[at]! === 0x2d)) at++;
    const exponent = at;
    at = skipSet(bytes, at, end, IS_DIGIT);
    // `1.e` is a name: MySQL leaves it out.
    if (at === exponent) kind = BAREWORD;
  }
  if (at < end && endsInSuffix(bytes, at, end)) at++;
  t.set(slot, kind, start, at - start);
  return at;
}

/** What follows a dollar sign and looks like an amount, `$1,000.00`; or `undefined` if it does not. */
export function readAmount(t: SqlTokens, slot: number): number | undefined {
  const start = t.position;
  const at = skipSet(t.bytes, start + 1, t.end, IN_MONEY);
  if (at === start + 1) return undefined;
  if (at === start + 2 && t.bytes[start + 1] === 0x2e) return readWord(t, slot);
  t.set(slot, NUMBER, start, at - start);
  return at;
}

/** Oracle's `d` and `f` belong to the number when the number ends there, or when `1fUNION` is written. */
function endsInSuffix(bytes: Uint8Array, at: number, end: number): boolean {
  const suffix = upperCase[bytes[at]!];
  if (suffix !== 0x44 && suffix !== 0x46) return false;
  if (at + 1 === end) return true;
  const next = bytes[at + 1]!;
  return (byteSets[next]! & IS_SPACE) !== 0 || next === 0x3b || upperCase[next] === 0x55;
}
