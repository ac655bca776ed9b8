// Bracket classes of PCRE: ranges, escapes, POSIX names, quoting. The result is a byte set; case is folded before
// the class is negated, as PCRE does.
import { ByteSet, DIGIT, SPACE, WORD } from './byte-set.ts';
import { readClassEscape } from './escape.ts';
import type { Cursor } from './pattern-error.ts';

const UPPER = ByteSet.range(0x41, 0x5a);
const LOWER = ByteSet.range(0x61, 0x7a);
const GRAPH = ByteSet.range(0x21, 0x7e);
const ALNUM = ByteSet.union([UPPER, LOWER, DIGIT]);

/** POSIX class names in the C locale. */
const POSIX: Readonly<Record<string, ByteSet>> = {
  alnum: ALNUM,
  alpha: UPPER.union(LOWER),
  ascii: ByteSet.range(0x00, 0x7f),
  blank: ByteSet.of('\t '),
  cntrl: ByteSet.range(0x00, 0x1f).union(ByteSet.one(0x7f)),
  digit: DIGIT,
  graph: GRAPH,
  lower: LOWER,
  print: GRAPH.union(ByteSet.one(0x20)),
  punct: GRAPH.negate().union(ALNUM).negate(),
  space: SPACE,
  upper: UPPER,
  word: WORD,
  xdigit: ByteSet.of('0123456789ABCDEFabcdef'),
};

/** Reads a class, the cursor standing after its `[`. */
export function readBracket(cursor: Cursor, ignoreCase: boolean): ByteSet {
  const start = cursor.at - 1;
  const negated = cursor.take('^');
  const sets: ByteSet[] = [];
  let isFirst = true;
  let isQuoted = false;
  for (;;) {
    if (cursor.done) cursor.fail('the class has no closing ]: a literal [ is written \\[', start);
    if (cursor.take('\\E')) {
      isQuoted = false;
      continue;
    }
    if (!isQuoted && cursor.take('\\Q')) {
      isQuoted = true;
      continue;
    }
    if (!isQuoted && !isFirst && cursor.take(']')) break;
    isFirst = false;
    const set = isQuoted ? ByteSet.of(cursor.next()) : readItem(cursor);
    sets.push(isQuoted ? set : readRange(cursor, set));
  }
  const members = ByteSet.union(sets);
  const folded = ignoreCase ? members.foldCase() : members;
  return negated ? folded.negate() : folded;
}

function readItem(cursor: Cursor): ByteSet {
  if (cursor.peek() === '[') {
    const posix = cursor.match(/\[:(\^?)([a-z]+):\]/y);
    if (posix) {
      const set = POSIX[posix[2]!];
      if (!set) cursor.fail(`unknown POSIX class ${posix[0]}`, cursor.at - posix[0].length);
      return posix[1] ? set.negate() : set;
    }
    if (cursor.match(/\[[.=][^\]]*[.=]\]/y)) {
      cursor.fail('POSIX collating elements are not supported: write the bytes of the class out');
    }
  }
  if (!cursor.take('\\')) return ByteSet.of(cursor.next());
  if (cursor.take('b')) return ByteSet.one(0x08);
  if (/[NRBX]/.test(cursor.peek())) cursor.fail(`\\${cursor.peek()} is not allowed in a class`, cursor.at - 1);
  return readClassEscape(cursor);
}

/** The range that begins with `first`; the set itself where no range follows. */
function readRange(cursor: Cursor, first: ByteSet): ByteSet {
  const low = first.single;
  const after = cursor.peek(1);
  if (low < 0 || cursor.peek() !== '-' || after === ']' || after === '') return first;
  if (cursor.text.startsWith('-\\E', cursor.at) || cursor.text.startsWith('-\\Q', cursor.at)) return first;
  const start = cursor.at;
  cursor.at++;
  const last = readItem(cursor);
  const high = last.single;
  if (high < 0) return ByteSet.union([first, ByteSet.of('-'), last]);
  if (high < low) cursor.fail('the range of the class is out of order', start);
  return ByteSet.range(low, high);
}
