// Folds a stream of SQL tokens into the few that make the fingerprint: arithmetic, lists, sign operators and empty
// constructs fall away until at most five tokens are left. The rules are those of libinjection 3.9.2. Every step
// takes a token or makes one fewer, so the time is linear in the tokens.

import {
  findPhrase,
  findText,
  HAS_UNDERSCORE,
  IS_CALLABLE,
  IS_IN,
  IS_LIKE,
  IS_NOT,
  IS_USER,
  STARTS_WITH_IF,
  wordKind,
  wordText,
  wordTraits,
} from './sql-dictionary.ts';
import { readToken } from './sql-tokenizer.ts';
import {
  BACKSLASH,
  BAREWORD,
  COLLATE,
  COMMA,
  COMMENT,
  commentSlot,
  DOT,
  EVIL,
  EXPRESSION,
  FUNCTION,
  GROUP,
  KEYWORD,
  LEFT_BRACE,
  LEFT_PAREN,
  LOGIC,
  maxTokens,
  NUMBER,
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

const mergeableFirst = KEYWORD | BAREWORD | OPERATOR | UNION | FUNCTION | EXPRESSION | TSQL | SQL_TYPE;
const mergeableSecond = mergeableFirst | LOGIC;
const plainOperand = NUMBER | BAREWORD | VARIABLE | STRING;

/** What a rule for two tokens came to. */
const KEPT = 0;
const FOLDED = 1;
const STOPPED = 2;

/** How the tokens stand while they are folded. */
class Fold {
  /** Tokens in use. */
  count = 0;
  /** Tokens that are settled; the rules look at those from here on. */
  left = 0;
  more = true;
  hasComment = false;
}

const fold = new Fold();

/** Reads and folds the value that `t` was begun with. Returns how many tokens are left, at most `maxTokens`. */
export function foldTokens(t: SqlTokens): number {
  fold.count = 0;
  fold.left = 0;
  fold.more = true;
  fold.hasComment = false;
  if (!skipLeading(t)) return 0;
  for (;;) {
    if (fold.count >= maxTokens && isPlainFive(t)) {
      if (fold.count > maxTokens) t.copy(maxTokens, 1);
      fold.count = fold.count > maxTokens ? 2 : 1;
      fold.left = 0;
    }
    if (!fold.more || fold.left >= maxTokens) break;
    if (!fill(t, 2)) {
      fold.left = fold.count;
      continue;
    }
    const outcome = foldPair(t);
    if (outcome === STOPPED) return fold.left + 2;
    if (outcome === FOLDED) continue;
    if (!fill(t, 3)) {
      fold.left = fold.count;
      continue;
    }
    if (!foldTriple(t)) fold.left++;
  }
  if (fold.count < maxTokens && fold.hasComment) t.copy(commentSlot, fold.count++);
  return Math.min(fold.count, maxTokens);
}

/** Comments, opening parentheses, type names and signs at the front say nothing. False if there is no more. */
function skipLeading(t: SqlTokens): boolean {
  while (readToken(t, 0)) {
    if ((t.kind[0]! & (COMMENT | LEFT_PAREN | SQL_TYPE)) === 0 && !isUnary(t, 0)) {
      fold.count = 1;
      return true;
    }
  }
  return false;
}

/** Reads until there are `wanted` tokens to look at. False if there is no room or no more. */
function fill(t: SqlTokens, wanted: number): boolean {
  while (fold.more && fold.count <= maxTokens && fold.count - fold.left < wanted) {
    fold.more = readToken(t, fold.count);
    if (!fold.more) break;
    fold.hasComment = t.kind[fold.count] === COMMENT;
    if (fold.hasComment) t.copy(fold.count, commentSlot);
    else fold.count++;
  }
  return fold.count - fold.left >= wanted;
}

/** Five tokens such as `1 + (2)` or `a) = (b`: no more than their first. */
function isPlainFive(t: SqlTokens): boolean {
  const kind = t.kind;
  const first = kind[0]!;
  const second = kind[1]!;
  const third = kind[2]!;
  const fourth = kind[3]!;
  const fifth = kind[4]!;
  if (first === NUMBER) {
    if (third === LEFT_PAREN) {
      return (second & (OPERATOR | COMMA)) !== 0 && fourth === NUMBER && fifth === RIGHT_PAREN;
    }
    return second === RIGHT_PAREN && third === COMMA && fourth === LEFT_PAREN && fifth === NUMBER;
  }
  if (first !== BAREWORD) return false;
  if (second === OPERATOR) {
    return third === LEFT_PAREN && (fourth & (BAREWORD | NUMBER)) !== 0 && fifth === RIGHT_PAREN;
  }
  return second === RIGHT_PAREN && third === OPERATOR && fourth === LEFT_PAREN && fifth === BAREWORD;
}

/** The rules for the two tokens at `left`; the first that fits is taken. */
function foldPair(t: SqlTokens): number {
  const left = fold.left;
  const kind = t.kind;
  const first = kind[left]!;
  const second = kind[left + 1]!;

  // Two strings in a row are one; so are semicolons.
  if (first === second && (first & (STRING | SEMICOLON)) !== 0) return drop(1, left);
  if ((first & (OPERATOR | LOGIC)) !== 0 && (second === SQL_TYPE || isUnary(t, left + 1))) return drop(1, 0);
  if (first === LEFT_PAREN && isUnary(t, left + 1)) return drop(1, Math.max(0, left - 1));
  if (mergePhrase(t, left)) return drop(1, Math.max(0, left - 1));

  if (first === SEMICOLON && second === FUNCTION && (wordTraits[t.word[left + 1]!]! & STARTS_WITH_IF) !== 0) {
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
    return drop(1, 0);
  }
  if (first === COLLATE && second === BAREWORD) {
    // There are too many collations to list; their names have an underscore.
    if (hasUnderscore(t, left + 1)) {
      kind[left + 1] = SQL_TYPE;
      fold.left = 0;
    }
    return KEPT;
  }
  if (first === BACKSLASH) {
    fold.left = 0;
    if (isArithmetic(t, left + 1)) {
      // Transact-SQL reads \%1 as 0 % 1.
      kind[left] = NUMBER;
      return FOLDED;
    }
    t.copy(left + 1, left);
    return drop(1, 0);
  }
  if (first === second && (first & (LEFT_PAREN | RIGHT_PAREN)) !== 0) return drop(1, 0);
  if (first === LEFT_BRACE && second === BAREWORD) {
    if (t.length[left + 1] === 0) {
      // MySQL takes {``.``.id} for a name: rare enough to be refused.
      kind[left + 1] = EVIL;
      return STOPPED;
    }
    // ODBC's {name expression} is the expression.
    return drop(2, 0);
  }
  if (second === RIGHT_BRACE) return drop(1, 0);
  return KEPT;
}

/** The rules for the three tokens at `left`. Returns whether one of them made fewer tokens. */
function foldTriple(t: SqlTokens): boolean {
  const left = fold.left;
  const kind = t.kind;
  const first = kind[left]!;
  const second = kind[left + 1]!;
  const third = kind[left + 2]!;

  if (isPlainTriple(t, left, first, second, third)) return drop(2, 0) === FOLDED;

  if ((first & (EXPRESSION | GROUP | COMMA | KEYWORD)) !== 0 && isUnary(t, left + 1)) {
    const afterComma = first === COMMA && (third & plainOperand) !== 0;
    const isSign =
      afterComma || (third === LEFT_PAREN ? first !== KEYWORD : third === FUNCTION || (third & plainOperand) !== 0);
    if (isSign) {
      t.copy(left + 2, left + 1);
      // `1, -1` is read again from the token before the comma.
      return drop(afterComma ? 3 : 1, 0) === FOLDED;
    }
  }
  if (second === DOT && third === BAREWORD) {
    if (first === BAREWORD) return drop(2, 0) === FOLDED;
    if (first === EXPRESSION) {
      t.copy(left + 2, left + 1);
      return drop(1, 0) === FOLDED;
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

/** Takes away the last tokens and looks again from `left` on. */
function drop(tokens: number, left: number): number {
  fold.count -= tokens;
  fold.left = left;
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
  if (t.word[slot] === unknownWord) t.word[slot] = findText(t.value, t.start[slot]!, t.length[slot]!);
  return (wordTraits[t.word[slot]!]! & trait) !== 0;
}

function isUnary(t: SqlTokens, slot: number): boolean {
  if (t.kind[slot] !== OPERATOR) return false;
  const byte = t.firstByte(slot);
  switch (t.length[slot]) {
    case 1:
      return byte === 0x2b || byte === 0x2d || byte === 0x21 || byte === 0x7e;
    case 2:
      return byte === 0x21 && t.value.charCodeAt(t.start[slot]! + 1) === 0x21;
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
  return t.length[slot] === 2 && t.firstByte(slot) === 0x3a && t.value.charCodeAt(t.start[slot]! + 1) === 0x3a;
}

/** A NUL ends the text, as in the published algorithm. */
function hasUnderscore(t: SqlTokens, slot: number): boolean {
  if (t.word[slot]! > 0) return (wordTraits[t.word[slot]!]! & HAS_UNDERSCORE) !== 0;
  const start = t.start[slot]!;
  for (let at = start; at < start + t.length[slot]!; at++) {
    const byte = t.value.charCodeAt(at);
    if (byte === 0) return false;
    if (byte === 0x5f) return true;
  }
  return false;
}
