// PCRE's syntax to a tree of byte sets. Values are bytes: classes and case are ASCII, `.` takes every byte.
// What cannot be matched in linear time is refused here, with what to write in its place.
import { readBracket } from './bracket.ts';
import { ByteSet } from './byte-set.ts';
import { AT_END_OR_FINAL_LF, AT_LINE_END, AT_LINE_START, AT_START } from './context.ts';
import { readEscape } from './escape.ts';
import { choice, expandedSize, type Node, sequence } from './node.ts';
import { Cursor } from './pattern-error.ts';

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
const NAME = /[A-Za-z_][0-9A-Za-z_]{0,31}[>']/y;
const QUANTIFIER = /[*+?]|\{(\d+)(,(\d*))?\}/y;

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly extended: boolean;
}

/**
 * Parses the text of a pattern. Characters above 7F stand for their UTF-8 bytes.
 * Throws a PatternError that names the construct for what is wrong, refused or too large.
 */
export function parsePattern(text: string, options: ParseOptions = {}): Node {
  const parser = new Parser(Buffer.from(text, 'utf8').toString('latin1'));
  return parser.parse({ ignoreCase: false, multiline: options.multiline === true, dotAll: true, extended: false });
}

class Parser {
  private readonly cursor: Cursor;
  private readonly groupCount: number;
  private groups = 0;
  private depth = 0;

  constructor(text: string) {
    this.cursor = new Cursor(text);
    this.groupCount = countGroups(text);
  }

  parse(flags: Flags): Node {
    const { cursor } = this;
    if (cursor.text.length > MAX_PATTERN_BYTES) cursor.fail(`the pattern is longer than ${MAX_PATTERN_BYTES} bytes`);
    if (cursor.text.startsWith('(*')) cursor.fail('(*…) verbs are not supported: leave it out', 0);
    const node = this.readAlternatives(flags);
    if (!cursor.done) cursor.fail('unmatched ): a literal one is written \\)');
    if (expandedSize(node) > MAX_PATTERN_SIZE) {
      cursor.fail(`the pattern needs more than ${MAX_PATTERN_SIZE} states: lower the bounds of its repeats`, 0);
    }
    return node;
  }

  private readAlternatives(outer: Flags): Node {
    const { cursor } = this;
    let flags = outer;
    const branches: Node[] = [];
    let nodes: Node[] = [];
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
          flags = this.changeFlags(flags, change[1]!, change[2] ?? '', start);
          continue;
        }
        cursor.at = start;
        nodes.push(this.readQuantified(this.readAtom(flags), flags));
      }
    }
    branches.push(sequence(nodes));
    return choice(branches);
  }

  private readQuoted(flags: Flags, nodes: Node[]): void {
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

  private readAtom(flags: Flags): Node {
    const { cursor } = this;
    const start = cursor.at;
    const char = cursor.next();
    switch (char) {
      case '(':
        return this.readGroup(flags, start);
      case '[':
        return { kind: 'bytes', set: readBracket(cursor, flags.ignoreCase) };
      case '\\': {
        const node = readEscape(cursor, this.groupCount);
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

  private readGroup(flags: Flags, start: number): Node {
    const { cursor } = this;
    if (cursor.peek() === '*') cursor.fail('(*…) verbs are not supported: leave it out', start);
    let inner = flags;
    let index = 0;
    if (cursor.match(NAMED)) {
      if (!cursor.match(NAME)) cursor.fail('a group name is a word of at most 32 bytes', start);
      index = ++this.groups;
    } else if (cursor.peek() !== '?') {
      index = ++this.groups;
    } else if (!cursor.take('?:')) {
      const scoped = cursor.match(FLAG_GROUP);
      if (!scoped) return cursor.fail(refusalOf(cursor.text.slice(start, start + 4)), start);
      inner = this.changeFlags(flags, scoped[1]!, scoped[2] ?? '', start);
    }
    if (++this.depth > MAX_NESTING) cursor.fail(`groups are nested deeper than ${MAX_NESTING}`, start);
    const node = this.readAlternatives(inner);
    this.depth--;
    if (!cursor.take(')')) cursor.fail('the group has no closing ): a literal ( is written \\(', start);
    return index === 0 ? node : { kind: 'group', node, index };
  }

  private readQuantified(atom: Node, flags: Flags): Node {
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
      if (cursor.peek() === '+') {
        cursor.fail(`${found[0]}+ (possessive) cannot be matched in linear time: write ${found[0]}`, start);
      }
      node = { kind: 'repeat', node, min, max, lazy: cursor.take('?') };
    }
  }

  private changeFlags(flags: Flags, on: string, off: string, start: number): Flags {
    const unknown = /[^imsx]/.exec(on + off);
    if (unknown) this.cursor.fail(`flag ${unknown[0]} is not supported: i, m, s and x are`, start);
    const value = (letter: string, before: boolean) => !off.includes(letter) && (before || on.includes(letter));
    return {
      ignoreCase: value('i', flags.ignoreCase),
      multiline: value('m', flags.multiline),
      dotAll: value('s', flags.dotAll),
      extended: value('x', flags.extended),
    };
  }
}

function byteNode(set: ByteSet, flags: Flags): Node {
  return { kind: 'bytes', set: flags.ignoreCase ? set.foldCase() : set };
}

function boundsOf(found: RegExpExecArray): { min: number; max: number } {
  if (found[0] === '*') return { min: 0, max: Infinity };
  if (found[0] === '+') return { min: 1, max: Infinity };
  if (found[0] === '?') return { min: 0, max: 1 };
  const min = Number(found[1]);
  if (found[2] === undefined) return { min, max: min };
  return { min, max: found[3] === '' ? Infinity : Number(found[3]) };
}

function isQuantifier(text: string, at: number): boolean {
  const form = /\{\d+(?:,\d*)?\}/y;
  form.lastIndex = at;
  return form.test(text);
}

/** The number of capturing groups, counted roughly: it only tells `\10` the octal byte from `\10` the reference. */
function countGroups(text: string): number {
  return text.match(/(?<!\\)\((?:(?!\?)|\?P?<(?![=!])|\?')/g)?.length ?? 0;
}

function refusalOf(opening: string): string {
  const rest = opening.slice(2);
  if (rest[0] === '=' || rest[0] === '!') {
    return `(?${rest[0]} (lookahead) cannot be matched in linear time: move the condition into a second rule of a chain`;
  }
  if (rest.startsWith('<=') || rest.startsWith('<!')) {
    return `(?${rest.slice(0, 2)} (lookbehind) cannot be matched in linear time: write (?:^|[^…]) before the text instead`;
  }
  if (rest[0] === '>') return '(?> (atomic group) cannot be matched in linear time: write (?:';
  if (rest[0] === '|') return '(?| (branch reset) is not supported: number the groups apart';
  if (rest[0] === '(') return '(?( (conditional) cannot be matched in linear time: write both cases as alternatives';
  if (rest.startsWith('P='))
    return '(?P= (backreference) cannot be matched in linear time: write the repeated text out';
  if (rest[0] === 'C') return '(?C (callout) is not supported: leave it out';
  if (/^(?:R|&|P>|[+-]?\d)/.test(rest))
    return `(?${rest[0]} (recursion) cannot be matched in linear time: write the part out`;
  return `unknown group ${opening}: a literal ( is written \\(`;
}
