// The dictionary of SQL words, phrases and fingerprints, built once at load from `sql-words.ts`. A look-up reads the
// value in place, ignores ASCII case and makes no string.

import { kindLetters, noWord } from './sql-tokens.ts';
import { sqlFingerprints, sqlWords } from './sql-words.ts';

/** What folding asks about a word again and again, as bits of `wordTraits`. */
export const IS_NOT = 1;
export const IS_IN = 2;
export const IS_LIKE = 4;
export const IS_USER = 8;
/** A name that is a function when a parenthesis follows. */
export const IS_CALLABLE = 16;
const BEGINS_PHRASE = 32;
const ENDS_PHRASE = 64;

const traits: readonly (readonly [trait: number, words: string])[] = [
  [IS_NOT, 'NOT'],
  [IS_IN, 'IN, NOT IN'],
  [IS_LIKE, 'LIKE, NOT LIKE'],
  [IS_USER, 'USER'],
  [
    IS_CALLABLE,
    'USER_ID, USER_NAME, DATABASE, PASSWORD, USER, CURRENT_USER, CURRENT_DATE, CURRENT_TIME, CURRENT_TIMESTAMP, ' +
      'LOCALTIME, LOCALTIMESTAMP',
  ],
];

/** Upper case of ASCII letters, by byte. */
export const upperCase: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte,
);

/** The hash of no bytes; `hash = (hash ^ (byte & 0xdf)) * hashFactor` for each byte, whatever its case. */
export const hashSeed: number = 0x811c9dc5 | 0;
export const hashFactor = 0x01000193;

const wordSlots = 4096;
const fingerprintSlots = 32768;

const texts: string[] = [''];
/** The kind a word has by itself, 0 for one that only has a meaning within a phrase. */
export const wordKind: Int32Array = new Int32Array(2048);
export const wordTraits: Int32Array = new Int32Array(2048);
const wordHash = new Int32Array(2048);
const wordTable = new Int16Array(wordSlots);
const phrases = new Map<number, number>();
const fingerprintTable = new Int32Array(fingerprintSlots);

/** The number of a kind within a fingerprint, by the number of its bit and by its letter. T and t count as one. */
const symbols = new Uint8Array(kindLetters.length);
const letterSymbols = new Uint8Array(128);
for (let bit = kindLetters.length - 1; bit >= 0; bit--) {
  const letter = kindLetters.charAt(bit).toUpperCase();
  symbols[bit] = kindLetters.toUpperCase().indexOf(letter) + 1;
  letterSymbols[letter.charCodeAt(0)] = symbols[bit]!;
}

let longest = 0;

for (const [letter, words] of Object.entries(sqlWords)) {
  const kind = 1 << kindLetters.indexOf(letter);
  for (const text of words.trim().split(/,\s+/)) addWord(text, kind);
}
for (let word = texts.length - 1; word > noWord; word--) {
  const text = texts[word]!;
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) {
    const first = addWord(text.slice(0, at), 0);
    const rest = addWord(text.slice(at + 1), 0);
    wordTraits[first]! |= BEGINS_PHRASE;
    wordTraits[rest]! |= ENDS_PHRASE;
    phrases.set(first * 2048 + rest, word);
  }
}
for (const [trait, words] of traits) {
  for (const text of words.split(', ')) wordTraits[addWord(text, 0)]! |= trait;
}
for (const line of sqlFingerprints.trim().split('\n')) addFingerprints(line);

/**
 * The number of the word at [start, end), whose bytes hash to `hash`; `noWord` if the dictionary lacks it.
 * A few steps at most: the table is three quarters empty.
 */
export function findWord(bytes: Uint8Array, start: number, end: number, hash: number): number {
  if (end - start > longest) return noWord;
  for (let slot = hash & (wordSlots - 1); ; slot = (slot + 1) & (wordSlots - 1)) {
    const word = wordTable[slot]!;
    if (word === noWord) return noWord;
    if (wordHash[word] === hash && sameText(texts[word]!, bytes, start, end)) return word;
  }
}

/** As `findWord`, for a text that is not hashed yet. */
export function findText(bytes: Uint8Array, start: number, length: number): number {
  if (length > longest) return noWord;
  return findWord(bytes, start, start + length, hashOf(bytes, start, start + length));
}

/** The phrase two words make, or `noWord`. */
export function findPhrase(first: number, second: number): number {
  if ((wordTraits[first]! & BEGINS_PHRASE) === 0 || (wordTraits[second]! & ENDS_PHRASE) === 0) return noWord;
  return phrases.get(first * 2048 + second) ?? noWord;
}

/** The text of a word or phrase, in upper case. */
export function wordText(word: number): string {
  return texts[word]!;
}

/** Whether the kinds of the first `count` tokens are among the fingerprints of attacks. */
export function isKnownFingerprint(kinds: Int32Array, count: number): boolean {
  if (count === 0) return false;
  let key = 0;
  for (let at = 0; at < count; at++) key = key * 32 + symbols[31 - Math.clz32(kinds[at]!)]!;
  for (let slot = slotOf(key); ; slot = (slot + 1) & (fingerprintSlots - 1)) {
    const entry = fingerprintTable[slot]!;
    if (entry === key) return true;
    if (entry === 0) return false;
  }
}

function addWord(text: string, kind: number): number {
  const bytes = Buffer.from(text, 'latin1');
  const hash = hashOf(bytes, 0, text.length);
  longest = Math.max(longest, text.length);
  const known = findWord(bytes, 0, text.length, hash);
  if (known !== noWord) return known;
  const word = texts.push(text) - 1;
  wordKind[word] = kind;
  wordHash[word] = hash;
  let slot = hash & (wordSlots - 1);
  while (wordTable[slot] !== noWord) slot = (slot + 1) & (wordSlots - 1);
  wordTable[slot] = word;
  return word;
}

/** A line is `ends: beginning beginning …`; the end `-` is none. */
function addFingerprints(line: string): void {
  const colon = line.indexOf(': ');
  let key = 0;
  for (let at = colon + 2; at <= line.length; at++) {
    if (at < line.length && line.charCodeAt(at) !== 0x20) {
      key = key * 32 + letterSymbols[line.charCodeAt(at)]!;
      continue;
    }
    for (let end = 0; end < colon; end++) {
      const byte = line.charCodeAt(end);
      addFingerprint(byte === 0x2d ? key : key * 32 + letterSymbols[byte]!);
    }
    key = 0;
  }
}

function addFingerprint(key: number): void {
  let slot = slotOf(key);
  while (fingerprintTable[slot] !== 0) slot = (slot + 1) & (fingerprintSlots - 1);
  fingerprintTable[slot] = key;
}

function slotOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 17;
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = hashSeed;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at]! & 0xdf), hashFactor);
  return hash;
}

function sameText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== upperCase[bytes[start + at]!]) return false;
  }
  return true;
}
