// PCRE's syntax to a tree of byte sets. Values are bytes: classes and case are ASCII, `.` takes every byte.
// What cannot be matched in bounded time is refused here, with what to write in its place.
import { readBracket } from './bracket.ts';
import { ByteSet } from './byte-set.ts';
import { AT_END_OR_FINAL_LF, AT_LINE_END, AT_LINE_START, AT_START } from './context.ts';
import { readEscape } from './escape.ts';
import { changedFlags, type Flags } from './flags.ts';
import { lengthsOf } from './lengths.ts';
import { choice, expandedSize, type Look, type Node, sequence, type Term } from './node.ts';
import { Cursor } from './pattern-error.ts';
import { boundsOf, isQuantifier, QUANTIFIER } from './quantifier.ts';
import { GroupTable, readReference } from './reference.ts';
import { isPlain } from './relax.ts';

/** Most automaton states one pattern may cost; the largest of CRS 4 needs about 10,000. */
export const MAX_PATTERN_SIZE = 60_000;
/** Deepest nesting of groups, PCRE's own default. */
export const MAX_NESTING = 250;
/** Largest number in a `{n,m}`. */
export const MAX_REPEAT = 1_000;
/** Longest pattern text in bytes. */
export const MAX_PATTERN_BYTES = 65_536;

export interface ParseOptions {
  /** `^` and `$` match at every line feed, as if the pattern began with `(?m)`. */
  readonly multiline?: boolean;
}

const BLANK = /\s+|#[^\n]*/y;
const BLANKS = /(?:\s+|#[^\n]*|\(\?#[^)]*\))*/y;
const COMMENTS = /(?:\(\?#[^)]*\))*/y;
const COMMENT_END = /[^)]*\)/y;
const FLAG_CHANGE = /\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?\)/y;
const FLAG_GROUP = /\?([a-zA-Z]*)(?:-([a-zA-Z]*))?:/y;
const NAMED = /\?P?<(?![=!])|\?'/y;
const NAME = /([A-Za-z_][0-9A-Za-z_]{0,31})[>']/y;
const LOOK = /\?(<?)([=!])/y;

/**
 * Parses the text of a pattern. Characters above 7F stand for their UTF-8 bytes.
 * Throws a PatternError that names the construct for what is wrong, refused or too large.
 */
export function parseTerm(text: string, options: ParseOptions = {}): Term {
  return new Parser(text).parse(options);
}

/** The same for those who have nothing but automata: lookaround and its like are refused, too. */
export function parsePattern(text: string, options: ParseOptions = {}): Node {
  const parser = new Parser(text);
  const term = parser.parse(options);
  return isPlain(term) ? term : parser.refuseSpecial();
}

/** A byte string is taken as it is, and text with other characters as its UTF-8 bytes. */
function bytesOf(text: string): string {
  return /[^\0-\xff]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

class Parser {
  private readonly cursor: Cursor;
  private readonly groups: GroupTable;
  private depth = 0;
  /** The first part that no automaton can run. */
  private special = { what: '', at: -1 };

  constructor(text: string) {
    this.cursor = new Cursor(bytesOf(text));
    this.groups = new GroupTable(this.cursor.text);
  }

  parse(options: ParseOptions): Term {
    const { cursor } = this;
    const flags = { ignoreCase: false, multiline: options.multiline === true, dotAll: true, extended: false };
    if (cursor.text.length > MAX_PATTERN_BYTES) cursor.fail(`the pattern is longer than ${MAX_PATTERN_BYTES} bytes`);
    if (cursor.text.startsWith('(*')) cursor.fail('(*…) verbs are not supported: leave it out', 0);
    const node = this.readAlternatives(flags);
    if (!cursor.done) cursor.fail('unmatched ): a literal one is written \\)');
    if (expandedSize(node) > MAX_PATTERN_SIZE) {
      cursor.fail(`the pattern needs more than ${MAX_PATTERN_SIZE} states: lower the bounds of its repeats`, 0);
    }
    return node;
  }

  refuseSpecial(): never {
    const { what, at } = this.special;
    return this.cursor.fail(`${what} is not supported in this place: write the pattern without it`, at);
  }

  private readAlternatives(outer: Flags): Term {
    const { cursor } = this;
    let flags = outer;
    const branches: Term[] = [];
    let nodes: Term[] = [];
    while (!cursor.done && cursor.peek() !== ')') {
      if (flags.extended && cursor.match(BLANK)) continue;
      const start = cursor.at;
      if (cursor.take('|')) {
        branches.push(sequence(nodes));
        nodes = [];
      } else if (cursor.take('(?#')) {
        if (!cursor.match(COMMENT_END)) cursor.fail('the comment (?# has no closing )', start);
      } else if (cursor.take('\\E')) {
        // An \E without \Q means nothing.
      } else if (cursor.take('\\Q')) {
        this.readQuoted(flags, nodes);
      } else {
        const change = cursor.peek() === '(' ? cursor.match(FLAG_CHANGE) : null;
        if (change && change[1] !== 'R') {
          flags = changedFlags(flags, change[1]!, change[2] ?? '', cursor, start);
          continue;
        }
        cursor.at = start;
        nodes.push(this.readQuantified(this.readAtom(flags), flags));
      }
    }
    branches.push(sequence(nodes));
    return choice(branches);
  }

  private readQuoted(flags: Flags, nodes: Term[]): void {
    const { cursor } = this;
    while (!cursor.done && !cursor.take('\\E')) {
      const node = byteNode(ByteSet.of(cursor.next()), flags);
      if (cursor.take('\\E')) {
        nodes.push(this.readQuantified(node, flags));
        return;
      }
      nodes.push(node);
    }
  }

  private readAtom(flags: Flags): Term {
    const { cursor } = this;
    const start = cursor.at;
    const reference = readReference(cursor, this.groups, flags.ignoreCase);
    if (reference) return this.markSpecial(reference, `${cursor.text.slice(start, cursor.at)} (backreference)`, start);
    const char = cursor.next();
    switch (char) {
      case '(':
        return this.readGroup(flags, start);
      case '[':
        return { kind: 'bytes', set: readBracket(cursor, flags.ignoreCase) };
      case '\\': {
        const node = readEscape(cursor);
        return node.kind === 'bytes' ? byteNode(node.set, flags) : node;
      }
      case '.':
        return { kind: 'bytes', set: flags.dotAll ? ByteSet.all : ByteSet.one(0x0a).negate() };
      case '^':
        return { kind: 'assert', mask: flags.multiline ? AT_LINE_START : AT_START };
      case '$':
        return { kind: 'assert', mask: flags.multiline ? AT_LINE_END : AT_END_OR_FINAL_LF };
      case '*':
      case '+':
      case '?':
        return cursor.fail(`nothing to repeat before ${char}: a literal one is written \\${char}`, start);
      default:
        if (char === '{' && isQuantifier(cursor.text, start)) {
          cursor.fail('nothing to repeat before {: a literal one is written \\{', start);
        }
        return byteNode(ByteSet.of(char), flags);
    }
  }

  private readGroup(flags: Flags, start: number): Term {
    const { cursor } = this;
    if (cursor.peek() === '*') cursor.fail('(*…) verbs are not supported: leave it out', start);
    let inner = flags;
    if (cursor.match(NAMED)) {
      const name = cursor.match(NAME);
      if (!name) return cursor.fail('a group name is a word of at most 32 bytes', start);
      const index = this.groups.open(name[1]);
      return { kind: 'group', index, node: this.readInner(flags, start) };
    }
    if (cursor.peek() !== '?') {
      const index = this.groups.open();
      return { kind: 'group', index, node: this.readInner(flags, start) };
    }
    const look = cursor.match(LOOK);
    if (look) return this.readLook(flags, look[1] === '<', look[2] === '!', start);
    if (cursor.take('?>')) {
      return this.markSpecial({ kind: 'atomic', node: this.readInner(flags, start) }, '(?> (atomic group)', start);
    }
    if (!cursor.take('?:')) {
      const scoped = cursor.match(FLAG_GROUP);
      if (!scoped) return cursor.fail(refusalOf(cursor.text.slice(start, start + 4)), start);
      inner = changedFlags(flags, scoped[1]!, scoped[2] ?? '', cursor, start);
    }
    return this.readInner(inner, start);
  }

  /** What stands in a group, to its closing parenthesis. */
  private readInner(flags: Flags, start: number): Term {
    const { cursor } = this;
    if (++this.depth > MAX_NESTING) cursor.fail(`groups are nested deeper than ${MAX_NESTING}`, start);
    const node = this.readAlternatives(flags);
    this.depth--;
    if (!cursor.take(')')) cursor.fail('the group has no closing ): a literal ( is written \\(', start);
    return node;
  }

  private readLook(flags: Flags, behind: boolean, negated: boolean, start: number): Term {
    const { cursor } = this;
    const look: Look = { kind: 'look', node: this.readInner(flags, start), behind, negated };
    const name = `(?${behind ? '<' : ''}${negated ? '!' : '='} (look${behind ? 'behind' : 'ahead'})`;
    if (behind) {
      const { max, isAtomicOpen } = lengthsOf(look.node);
      if (max === Infinity) cursor.fail(`${name} must have a greatest length: bound its repeats`, start);
      if (isAtomicOpen) cursor.fail(`${name} must not hold an atomic group that takes different lengths`, start);
    }
    return this.markSpecial(look, name, start);
  }

  private markSpecial(term: Term, what: string, at: number): Term {
    if (this.special.at < 0 || at < this.special.at) this.special = { what, at };
    return term;
  }

  private readQuantified(atom: Term, flags: Flags): Term {
    const { cursor } = this;
    let node = atom;
    for (;;) {
      if (flags.extended || cursor.peek() === '(') cursor.match(flags.extended ? BLANKS : COMMENTS);
      const start = cursor.at;
      const found = '*+?{'.includes(cursor.peek() || ' ') ? cursor.match(QUANTIFIER) : null;
      if (!found) return node;
      if (node !== atom) cursor.fail('a quantifier follows a quantifier: put the first into a group (?:…)', start);
      const { min, max } = boundsOf(found);
      if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity)) {
        cursor.fail(`a repeat may be at most ${MAX_REPEAT}`, start);
      }
      if (max < min) cursor.fail('the bounds of the repeat are out of order', start);
      const isPossessive = cursor.take('+');
      node = { kind: 'repeat', node, min, max, lazy: !isPossessive && cursor.take('?') };
      if (isPossessive) node = this.markSpecial({ kind: 'atomic', node }, `${found[0]}+ (possessive)`, start);
    }
  }
}

function byteNode(set: ByteSet, flags: Flags): Node {
  return { kind: 'bytes', set: flags.ignoreCase ? set.foldCase() : set };
}

function refusalOf(opening: string): string {
  const rest = opening.slice(2);
  if (rest[0] === '|') return '(?| (branch reset) is not supported: number the groups apart';
  if (rest[0] === '(') return '(?( (conditional) is not supported: write both cases as alternatives';
  if (rest.startsWith('P=')) return '(?P= (backreference) must be followed by the name of a group and )';
  if (rest[0] === 'C') return '(?C (callout) is not supported: leave it out';
  if (/^(?:R|&|P>|[+-]?\d)/.test(rest)) return `(?${rest[0]} (recursion) is not supported: write the part out`;
  return `unknown group ${opening}: a literal ( is written \\(`;
}
