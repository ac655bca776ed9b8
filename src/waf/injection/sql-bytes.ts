// What each byte may begin or end when SQL is read: tables of 256 entries and nothing else. They are those of
// libinjection 3.9.2 (see `sql-words.ts`), its signed and NUL-terminated reading included.

/** How reading goes on at a byte. */
export const AT_WORD = 0;
export const AT_SPACE = 1;
export const AT_NUMBER = 2;
export const AT_QUOTE = 3;
export const AT_BACKTICK = 4;
/** A byte that is a token of its own kind: `( ) , ; { }`. */
export const AT_SIGN = 5;
/** An operator of one byte: `% + ^ ~`. */
export const AT_OPERATOR = 6;
/** An operator of one to three bytes, or a colon: `! & * : < = > |`. */
export const AT_LONG_OPERATOR = 7;
export const AT_DASH = 8;
export const AT_SLASH = 9;
export const AT_HASH = 10;
export const AT_DOLLAR = 11;
export const AT_VARIABLE = 12;
export const AT_BACKSLASH = 13;
export const AT_BRACKET = 14;
/** `? ]` */
export const AT_OTHER = 15;
/** Letters that may begin a string or a number in quotes: `b'01' x'ff' e'' n'' q'[]' u&''`. */
export const AT_BITS = 16;
export const AT_HEX = 17;
export const AT_ESCAPED = 18;
export const AT_NATIONAL = 19;
export const AT_ORACLE = 20;
export const AT_UNICODE = 21;

export const byteRole: Uint8Array = new Uint8Array(256);

/** Sets of bytes, as bits of `byteSets`. NUL ends a word and yet counts as a digit, a hex digit and a letter. */
export const ENDS_WORD = 1;
export const ENDS_VARIABLE = 2;
export const IS_SPACE = 4;
export const IS_DIGIT = 8;
export const IN_HEX = 16;
export const IN_BITS = 32;
export const IN_MONEY = 64;
export const IN_TAG = 128;
/** A word may be cut here. */
export const CUTS_WORD = 256;

export const byteSets: Uint16Array = new Uint16Array(256);

for (let byte = 0; byte <= 0x20; byte++) byteRole[byte] = AT_SPACE;
for (const [role, bytes] of [
  [AT_SPACE, '\x7f\xa0'],
  [AT_NUMBER, '.0123456789'],
  [AT_QUOTE, '"\''],
  [AT_BACKTICK, '`'],
  [AT_SIGN, '(),;{}'],
  [AT_OPERATOR, '%+^~'],
  [AT_LONG_OPERATOR, '!&*:<=>|'],
  [AT_DASH, '-'],
  [AT_SLASH, '/'],
  [AT_HASH, '#'],
  [AT_DOLLAR, '$'],
  [AT_VARIABLE, '@'],
  [AT_BACKSLASH, '\\'],
  [AT_BRACKET, '['],
  [AT_OTHER, '?]'],
  [AT_BITS, 'bB'],
  [AT_HEX, 'xX'],
  [AT_ESCAPED, 'eE'],
  [AT_NATIONAL, 'nN'],
  [AT_ORACLE, 'qQ'],
  [AT_UNICODE, 'uU'],
] as const) {
  for (const byte of Buffer.from(bytes, 'latin1')) byteRole[byte] = role;
}

for (const [set, bytes] of [
  [ENDS_WORD, ' []{}<>:\\?=@!#~+-*/&|^%(),\';\t\n\v\f\r"\xa0\0'],
  [ENDS_VARIABLE, ' <>:\\?=@!#~+-*/&|^%(),\';\t\n\v\f\r`"\0'],
  [CUTS_WORD, '.`'],
  [IS_SPACE, ' \t\n\v\f\r\xa0\0'],
  [IS_DIGIT, '0123456789'],
  [IN_HEX, '0123456789ABCDEFabcdef\0'],
  [IN_BITS, '01\0'],
  [IN_MONEY, '0123456789.,\0'],
  [IN_TAG, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\0'],
] as const) {
  for (const byte of Buffer.from(bytes, 'latin1')) byteSets[byte]! |= set;
}

/** The first position from `at` on whose byte is not in the set, or the end. */
export function skipSet(bytes: Uint8Array, at: number, end: number, set: number): number {
  while (at < end && (byteSets[bytes[at]!]! & set) !== 0) at++;
  return at;
}

/** The first position from `at` on whose byte is in the set, or the end. */
export function findSet(bytes: Uint8Array, at: number, end: number, set: number): number {
  while (at < end && (byteSets[bytes[at]!]! & set) === 0) at++;
  return at;
}
