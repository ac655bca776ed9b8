// The rules by which two or three SQL tokens in a row become fewer: those of libinjection 3.9.2, in its order, since the
// first that fits is taken. They see the tokens after the settled ones and nothing of the value but the words.

import {
  findPhrase,
  findText,
  IS_CALLABLE,
  IS_IN,
  IS_LIKE,
  IS_NOT,
  IS_USER,
  wordKind,
  wordText,
  wordTraits,
} from './sql-dictionary.ts';
import {
  BACKSLASH,
  BAREWORD,
  COLLATE,
  COMMA,
  DOT,
  EVIL,
  EXPRESSION,
  FUNCTION,
  GROUP,
  KEYWORD,
  LEFT_BRACE,
  LEFT_PAREN,
  LOGIC,
  NUMBER,
  noWord,
  OPERATOR,
  RIGHT_BRACE,
  RIGHT_PAREN,
  SEMICOLON,
  SQL_TYPE,
  type SqlTokens,
  STRING,
  TSQL,
  UNION,
  unknownWord,
  VARIABLE,
} from './sql-tokens.ts';

/** What a rule for two tokens came to. */
export const KEPT = 0;
export const FOLDED = 1;
export const STOPPED = 2;

const mergeableFirst = KEYWORD | BAREWORD | OPERATOR | UNION | FUNCTION | EXPRESSION | TSQL | SQL_TYPE;
const mergeableSecond = mergeableFirst | LOGIC;
const plainOperand = NUMBER | BAREWORD | VARIABLE | STRING;

/** The rules for the two tokens after the settled ones; the first that fits is taken. */
export function foldPair(t: SqlTokens): number {
  const left = t.settled;
  const kind = t.kind;
  const first = kind[left]!;
  const second = kind[left + 1]!;

  // Two strings in a row are one; so are semicolons.
  if (first === second && (first & (STRING | SEMICOLON)) !== 0) return drop(t, 1, left);
  if ((first & (OPERATOR | LOGIC)) !== 0 && (second === SQL_TYPE || isUnary(t, left + 1))) return drop(t, 1, 0);
  if (first === LEFT_PAREN && isUnary(t, left + 1)) return drop(t, 1, Math.max(0, left - 1));
  if (mergePhrase(t, left)) return drop(t, 1, Math.max(0, left - 1));

  if (first === SEMICOLON && second === FUNCTION && wordText(t.word[left + 1]!).startsWith('IF')) {
    // A function, but a statement of Transact-SQL after a semicolon.
    kind[left + 1] = TSQL;
    return FOLDED;
  }
  if ((first & (BAREWORD | VARIABLE)) !== 0 && second === LEFT_PAREN && hasTrait(t, left, IS_CALLABLE)) {
    kind[left] = FUNCTION;
    return FOLDED;
  }
  if (first === KEYWORD && hasTrait(t, left, IS_IN)) {
    kind[left] = second === LEFT_PAREN ? OPERATOR : BAREWORD;
    return FOLDED;
  }
  if (first === OPERATOR && hasTrait(t, left, IS_LIKE)) {
    if (second === LEFT_PAREN) kind[left] = FUNCTION;
    return KEPT;
  }
  if (first === SQL_TYPE && (second & (plainOperand | SQL_TYPE | LEFT_PAREN | FUNCTION)) !== 0) {
    t.copy(left + 1, left);
    return drop(t, 1, 0);
  }
  if (first === COLLATE && second === BAREWORD) {
    // There are too many collations to list; their names have an underscore.
    if (hasUnderscore(t, left + 1)) {
      kind[left + 1] = SQL_TYPE;
      t.settled = 0;
    }
    return KEPT;
  }
  if (first === BACKSLASH) {
    t.settled = 0;
    if (isArithmetic(t, left + 1)) {
      // Transact-SQL reads \%1 as 0 % 1.
      kind[left] = NUMBER;
      return FOLDED;
    }
    t.copy(left + 1, left);
    return drop(t, 1, 0);
  }
  if (first === second && (first & (LEFT_PAREN | RIGHT_PAREN)) !== 0) return drop(t, 1, 0);
  if (first === LEFT_BRACE && second === BAREWORD) {
    if (t.length[left + 1] === 0) {
      // MySQL takes {``.``.id} for a name: rare enough to be refused.
      kind[left + 1] = EVIL;
      return STOPPED;
    }
    // ODBC's {name expression} is the expression.
    return drop(t, 2, 0);
  }
  if (second === RIGHT_BRACE) return drop(t, 1, 0);
  return KEPT;
}

/** The rules for the three tokens after the settled ones. Returns whether one of them made fewer tokens. */
export function foldTriple(t: SqlTokens): boolean {
  const left = t.settled;
  const kind = t.kind;
  const first = kind[left]!;
  const second = kind[left + 1]!;
  const third = kind[left + 2]!;

  if (isPlainTriple(t, left, first, second, third)) return drop(t, 2, 0) === FOLDED;

  if ((first & (EXPRESSION | GROUP | COMMA | KEYWORD)) !== 0 && isUnary(t, left + 1)) {
    const afterComma = first === COMMA && (third & plainOperand) !== 0;
    const isSign =
      afterComma || (third === LEFT_PAREN ? first !== KEYWORD : third === FUNCTION || (third & plainOperand) !== 0);
    if (isSign) {
      t.copy(left + 2, left + 1);
      // `1, -1` is read again from the token before the comma.
      return drop(t, afterComma ? 3 : 1, 0) === FOLDED;
    }
  }
  if (second === DOT && third === BAREWORD) {
    if (first === BAREWORD) return drop(t, 2, 0) === FOLDED;
    if (first === EXPRESSION) {
      t.copy(left + 2, left + 1);
      return drop(t, 1, 0) === FOLDED;
    }
  }
  // USER() is a function, USER(name) is not.
  if (first === FUNCTION && second === LEFT_PAREN && third !== RIGHT_PAREN && hasTrait(t, left, IS_USER)) {
    kind[left] = BAREWORD;
  }
  return false;
}

/** Arithmetic, lists, casts and chains of operators: the first of the three stands for all. */
function isPlainTriple(t: SqlTokens, left: number, first: number, second: number, third: number): boolean {
  if (first === OPERATOR) return second !== LEFT_PAREN && third === OPERATOR;
  if (first === LOGIC) return third === LOGIC;
  if ((first & plainOperand) === 0) return false;
  if (second === COMMA) return (third & plainOperand) !== 0;
  if (second !== OPERATOR) return false;
  if (third === SQL_TYPE) return isCast(t, left + 1);
  if (first === VARIABLE) return (third & (VARIABLE | NUMBER | BAREWORD)) !== 0;
  return first !== STRING && (third & (NUMBER | BAREWORD)) !== 0;
}

/** Takes away the last tokens and looks again from `settled` on. */
function drop(t: SqlTokens, tokens: number, settled: number): number {
  t.count -= tokens;
  t.settled = settled;
  return FOLDED;
}

/** Makes two words one if they are a phrase, `UNION` and `ALL`; the second slot is then free. */
function mergePhrase(t: SqlTokens, left: number): boolean {
  if ((t.kind[left]! & mergeableFirst) === 0 || (t.kind[left + 1]! & mergeableSecond) === 0) return false;
  const phrase = findPhrase(t.word[left]!, t.word[left + 1]!);
  if (phrase === 0) return false;
  t.set(left, wordKind[phrase]!, t.start[left]!, wordText(phrase).length);
  t.word[left] = phrase;
  return true;
}

function hasTrait(t: SqlTokens, slot: number, trait: number): boolean {
  if (t.word[slot] === unknownWord) t.word[slot] = findText(t.bytes, t.start[slot]!, t.length[slot]!);
  return (wordTraits[t.word[slot]!]! & trait) !== 0;
}

/** A sign or `NOT`: it says nothing before a value. */
export function isUnary(t: SqlTokens, slot: number): boolean {
  if (t.kind[slot] !== OPERATOR) return false;
  const byte = t.firstByte(slot);
  switch (t.length[slot]) {
    case 1:
      return byte === 0x2b || byte === 0x2d || byte === 0x21 || byte === 0x7e;
    case 2:
      return byte === 0x21 && t.bytes[t.start[slot]! + 1] === 0x21;
    default:
      return (wordTraits[t.word[slot]!]! & IS_NOT) !== 0;
  }
}

function isArithmetic(t: SqlTokens, slot: number): boolean {
  if (t.kind[slot] !== OPERATOR || t.length[slot] !== 1) return false;
  const byte = t.firstByte(slot);
  return byte === 0x2a || byte === 0x2f || byte === 0x2d || byte === 0x2b || byte === 0x25;
}

/** PostgreSQL's `::` */
function isCast(t: SqlTokens, slot: number): boolean {
  return t.length[slot] === 2 && t.firstByte(slot) === 0x3a && t.bytes[t.start[slot]! + 1] === 0x3a;
}

/** A NUL ends the text, as in the published algorithm. */
function hasUnderscore(t: SqlTokens, slot: number): boolean {
  if (t.word[slot]! !== noWord) return wordText(t.word[slot]!).includes('_');
  const start = t.start[slot]!;
  for (let at = start; at < start + t.length[slot]!; at++) {
    const byte = t.bytes[at]!;
    if (byte === 0) return false;
    if (byte === 0x5f) return true;
  }
  return false;
}
