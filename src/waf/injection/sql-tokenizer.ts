// Reads SQL token by token, in the published algorithm of libinjection 3.9.2 (see `sql-words.ts`). It accepts every
// value and reads each byte a bounded number of times.

import { byteAt } from '../transforms/bytes.ts';
import {
  AT_BACKSLASH,
  AT_BACKTICK,
  AT_BITS,
  AT_BRACKET,
  AT_DASH,
  AT_DOLLAR,
  AT_ESCAPED,
  AT_HASH,
  AT_HEX,
  AT_LONG_OPERATOR,
  AT_NATIONAL,
  AT_NUMBER,
  AT_OPERATOR,
  AT_ORACLE,
  AT_OTHER,
  AT_QUOTE,
  AT_SIGN,
  AT_SLASH,
  AT_SPACE,
  AT_UNICODE,
  AT_VARIABLE,
  AT_WORD,
  byteRole,
  byteSets,
  ENDS_VARIABLE,
  findSet,
  IN_BITS,
  IN_HEX,
  IS_SPACE,
} from './sql-bytes.ts';
import { findText, wordKind } from './sql-dictionary.ts';
import { readNumber, readWord } from './sql-plain.ts';
import {
  readBacktick,
  readBlockComment,
  readBracket,
  readDollar,
  readLineComment,
  readOracleString,
  readPrefixedString,
  readQuotedNumber,
  readString,
  readUnicodeString,
} from './sql-quoted.ts';
import {
  BACKSLASH,
  COLON,
  COMMA,
  LEFT_BRACE,
  LEFT_PAREN,
  NUMBER,
  OPERATOR,
  OTHER,
  RIGHT_BRACE,
  RIGHT_PAREN,
  SEMICOLON,
  type SqlTokens,
  unknownWord,
  VARIABLE,
} from './sql-tokens.ts';

/**
 * Reads the next token into a slot. Returns false at the end of the value, with the slot's kind 0. In a quoted context
 * the first token is the rest of the string the value is taken to stand in.
 */
export function readToken(t: SqlTokens, slot: number): boolean {
  if (t.position === 0 && t.quote !== '') {
    t.position = readString(t, slot, 0, t.quote, 0);
    t.seen++;
    return true;
  }
  while (t.position < t.end) {
    const role = byteRole[t.bytes[t.position]!]!;
    if (role === AT_SPACE) {
      t.position++;
      continue;
    }
    t.position = role === AT_WORD ? readWord(t, slot) : readRole(t, slot, role);
    t.seen++;
    return true;
  }
  t.kind[slot] = 0;
  return false;
}

function readRole(t: SqlTokens, slot: number, role: number): number {
  switch (role) {
    case AT_NUMBER:
      return readNumber(t, slot);
    case AT_QUOTE:
      return t.bytes[t.position] === 0x27
        ? readString(t, slot, t.position + 1, "'", 0x27)
        : readString(t, slot, t.position + 1, '"', 0x22);
    case AT_BACKTICK:
      return readBacktick(t, slot);
    case AT_SIGN:
      return readByte(t, slot, signKind(t.bytes[t.position]!));
    case AT_OPERATOR:
      return readByte(t, slot, OPERATOR);
    case AT_LONG_OPERATOR:
      return readOperator(t, slot);
    case AT_DASH:
      return readDash(t, slot);
    case AT_SLASH:
      return byteAt(t.bytes, t.position + 1, t.end) === 0x2a ? readBlockComment(t, slot) : readByte(t, slot, OPERATOR);
    case AT_HASH:
      t.differsInMysql = true;
      return t.mysql ? readLineComment(t, slot) : readByte(t, slot, OPERATOR);
    case AT_DOLLAR:
      return readDollar(t, slot);
    case AT_VARIABLE:
      return readVariable(t, slot);
    case AT_BACKSLASH:
      return readBackslash(t, slot);
    case AT_BRACKET:
      return readBracket(t, slot);
    case AT_OTHER:
      return readByte(t, slot, OTHER);
    case AT_BITS:
      return readQuotedNumber(t, slot, IN_BITS);
    case AT_HEX:
      return readQuotedNumber(t, slot, IN_HEX);
    case AT_ESCAPED:
      return readPrefixedString(t, slot);
    case AT_NATIONAL:
      return t.position + 2 < t.end && t.bytes[t.position + 1] === 0x27
        ? readPrefixedString(t, slot)
        : readOracleString(t, slot, 1);
    case AT_ORACLE:
      return readOracleString(t, slot, 0);
    case AT_UNICODE:
      return readUnicodeString(t, slot);
    default:
      return readWord(t, slot);
  }
}

function readByte(t: SqlTokens, slot: number, kind: number): number {
  t.set(slot, kind, t.position, 1);
  return t.position + 1;
}

function signKind(byte: number): number {
  switch (byte) {
    case 0x28:
      return LEFT_PAREN;
    case 0x29:
      return RIGHT_PAREN;
    case 0x2c:
      return COMMA;
    case 0x3b:
      return SEMICOLON;
    case 0x7b:
      return LEFT_BRACE;
    default:
      return RIGHT_BRACE;
  }
}

/** The longest operator that stands here; a colon alone is none. */
function readOperator(t: SqlTokens, slot: number): number {
  const start = t.position;
  if (start + 1 < t.end) {
    if (t.value.startsWith('<=>', start)) {
      t.set(slot, OPERATOR, start, 3);
      return start + 3;
    }
    const word = findText(t.bytes, start, 2);
    const kind = wordKind[word]!;
    if (kind !== 0) {
      t.set(slot, kind, start, 2);
      t.word[slot] = word;
      return start + 2;
    }
    if (t.bytes[start] === 0x3a) return readByte(t, slot, COLON);
  }
  return readByte(t, slot, OPERATOR);
}

/** `--` begins a comment; MySQL wants a space after it or the end of the value. */
function readDash(t: SqlTokens, slot: number): number {
  const next = t.position + 1;
  if (next < t.end && t.bytes[next] === 0x2d) {
    const after = next + 1;
    if (after === t.end || (byteSets[t.bytes[after]!]! & IS_SPACE) !== 0) return readLineComment(t, slot);
    if (!t.mysql) {
      t.differsInMysql = true;
      return readLineComment(t, slot);
    }
  }
  return readByte(t, slot, OPERATOR);
}

/** `\N` is MySQL's NULL. */
function readBackslash(t: SqlTokens, slot: number): number {
  const start = t.position;
  if (byteAt(t.bytes, start + 1, t.end) !== 0x4e) return readByte(t, slot, BACKSLASH);
  t.set(slot, NUMBER, start, 2);
  return start + 2;
}

/** `@name`, `@@name`, and the name may be in quotes or backticks. Its word is looked up only if folding asks. */
function readVariable(t: SqlTokens, slot: number): number {
  let start = t.position + 1;
  if (byteAt(t.bytes, start, t.end) === 0x40) start++;
  const mark = byteAt(t.bytes, start, t.end);
  let next: number;
  if (mark === 0x27 || mark === 0x22 || mark === 0x60) {
    next = readString(t, slot, start + 1, String.fromCharCode(mark), mark);
    t.kind[slot] = VARIABLE;
  } else {
    next = findSet(t.bytes, start, t.end, ENDS_VARIABLE);
    t.set(slot, VARIABLE, start, next - start);
  }
  t.word[slot] = unknownWord;
  return next;
}
