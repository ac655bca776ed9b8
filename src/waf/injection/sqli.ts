// Whether a value is an SQL injection (`@detectSQLi`). The verdict is that of libinjection 3.9.2, the version
// ModSecurity 3.0.9 bundles, for every value; the time is linear in its length.

import { firstOf, flagsOf } from '../transforms/bytes.ts';
import { open } from '../transforms/scratch.ts';
import { isKnownFingerprint, wordText } from './sql-dictionary.ts';
import { foldTokens } from './sql-folding.ts';
import {
  BAREWORD,
  COMMENT,
  EVIL,
  KEYWORD,
  kindLetters,
  LOGIC,
  NUMBER,
  OPERATOR,
  SqlTokens,
  STRING,
  UNION,
  VARIABLE,
} from './sql-tokens.ts';

const tokens = new SqlTokens();

/**
 * A value without any of these bytes gives no verdict. What is left are letters, digits, the underscore and high
 * bytes; they make at most a few numbers and one word, and no fingerprint of an attack is made of those. A dot is a
 * trigger too: it parts words (`0xor.1like.1`).
 */
export const sqliTriggers: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => !isWordByte(byte),
);

const isTrigger = flagsOf(sqliTriggers);

/** Whether the value has no byte of `sqliTriggers`, so that `detectSqli` would find nothing. */
export function cannotBeSqli(value: string): boolean {
  return firstOf(value, isTrigger) === -1;
}

/**
 * The fingerprint of the attack a value contains, or `undefined`. The value is read as it stands, and as the rest of a
 * string in single or double quotes when it has such a quote; each time again as MySQL reads it, when that differs.
 */
export function detectSqli(value: string): string | undefined {
  if (cannotBeSqli(value)) return undefined;
  const bytes = open(value);
  let count = attackTokens(value, bytes, '', false);
  if (count === 0 && tokens.differsInMysql) count = attackTokens(value, bytes, '', true);
  if (count === 0 && value.includes("'")) {
    count = attackTokens(value, bytes, "'", false);
    if (count === 0 && tokens.differsInMysql) count = attackTokens(value, bytes, "'", true);
  }
  if (count === 0 && value.includes('"')) count = attackTokens(value, bytes, '"', true);
  return count === 0 ? undefined : fingerprint(count);
}

/** How many tokens make the fingerprint of an attack, 0 when it is none. */
function attackTokens(value: string, bytes: Uint8Array, quote: string, mysql: boolean): number {
  tokens.begin(value, bytes, quote, mysql);
  const count = foldTokens(tokens);
  const kind = tokens.kind;
  if (count > 2 && endsInOpenBacktick(count - 1)) kind[count - 1] = COMMENT;
  for (let at = 0; at < count; at++) {
    if (kind[at] === EVIL) {
      kind[0] = EVIL;
      return 1;
    }
  }
  return isKnownFingerprint(kind, count) && !isHarmless(count) ? count : 0;
}

/** PHP tools comment out the rest of a query with one backtick. */
function endsInOpenBacktick(slot: number): boolean {
  return (
    tokens.kind[slot] === BAREWORD &&
    tokens.opener[slot] === 0x60 &&
    tokens.closer[slot] === 0 &&
    tokens.length[slot] === 0
  );
}

/** Short fingerprints are common in prose; what else the value has decides. */
function isHarmless(count: number): boolean {
  // SQL Server leaves a statement with this word out of its log.
  if (count > 1 && tokens.kind[count - 1] === COMMENT && tokens.value.includes('sp_password')) return false;
  if (count === 2) return isHarmlessPair();
  return count === 3 && isHarmlessTriple();
}

function isHarmlessPair(): boolean {
  const first = tokens.kind[0]!;
  // "1 union" alone is prose; with anything folded away it is not.
  if (tokens.kind[1] === UNION) return tokens.seen === 2;
  const mark = tokens.firstByte(1);
  if (mark === 0x23) return true;
  const isComment = tokens.kind[1] === COMMENT;
  if (isComment && first === BAREWORD && mark !== 0x2f) return true;
  if (isComment && first === NUMBER) return mark !== 0x2f && tokens.seen === 2 && !isNumberThenComment();
  // Prose has many dashes; only those at the very end are an attack.
  return mark === 0x2d && tokens.length[1]! > 2;
}

/**
 * `1234 --` and `1234--` are attacks, `1234-ABC--` is not. As published, the byte looked at is that at the length of the
 * number, which is after the number only if nothing stands before it, and a byte over 127 counts as a space.
 */
function isNumberThenComment(): boolean {
  const at = tokens.length[0]!;
  const byte = tokens.value.charCodeAt(at);
  if (byte <= 0x20 || byte >= 0x80) return true;
  const next = tokens.value.charCodeAt(at + 1);
  return (byte === 0x2f && next === 0x2a) || (byte === 0x2d && next === 0x2d);
}

function isHarmlessTriple(): boolean {
  const { kind, opener, closer, seen } = tokens;
  const first = kind[0]!;
  const second = kind[1]!;
  const third = kind[2]!;
  if (first === STRING && third === STRING && (second === OPERATOR || second === LOGIC)) {
    // foo" + "bar: neither the first nor the last quote is in the value.
    return opener[0] !== 0 || closer[2] !== 0 || closer[0] !== opener[2];
  }
  if (second === LOGIC && isPlainLogic(first, third)) return seen === 3;
  return second === KEYWORD && !wordText(tokens.word[1]!).startsWith('INTO ');
}

/** `sexy and 17` is prose, `sexy and 17<18` is not. */
function isPlainLogic(first: number, third: number): boolean {
  if (first === STRING) return third === BAREWORD;
  if (first === BAREWORD) return third === NUMBER;
  return first === NUMBER && (third & (NUMBER | VARIABLE | STRING)) !== 0;
}

function fingerprint(count: number): string {
  let text = '';
  for (let at = 0; at < count; at++) text += kindLetters.charAt(31 - Math.clz32(tokens.kind[at]!));
  return text;
}

function isWordByte(byte: number): boolean {
  return /^[0-9A-Za-z_\x80-\x9f\xa1-\xff]$/.test(String.fromCharCode(byte));
}
