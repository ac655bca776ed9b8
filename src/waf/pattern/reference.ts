// Backreferences of PCRE in all their spellings, and the groups that they may name. A reference to a group that does
// not stand before it is refused: it could only be met in a later round of a repeat.
import { MAX_GROUP } from './nfa.ts';
import type { Term } from './node.ts';
import type { Cursor } from './pattern-error.ts';

/** The capturing groups of a pattern, in the order in which they are opened. */
export class GroupTable {
  /** All capturing groups of the pattern: decides whether `\10` and up is a reference or an octal byte, as in PCRE. */
  readonly total: number;
  private opened = 0;
  private readonly names = new Map<string, number>();

  constructor(pattern: string) {
    this.total = countGroups(pattern);
  }

  /** The number of the group that opens here. */
  open(name?: string): number {
    this.opened++;
    if (name !== undefined) this.names.set(name, this.opened);
    return this.opened;
  }

  /** The number that `\g{…}` or a name means; undefined: no group that was opened. */
  find(text: string): number | undefined {
    if (!/^-?\d+$/.test(text)) return this.names.get(text);
    const index = text.startsWith('-') ? this.opened + 1 + Number(text) : Number(text);
    return index >= 1 && index <= this.opened ? index : undefined;
  }
}

const SPELLINGS = [
  /\\([1-9]\d*)/y,
  /\\g(-?\d+)/y,
  /\\g\{(-?\d+|[A-Za-z_]\w*)\}/y,
  /\\k<([A-Za-z_]\w*)>/y,
  /\\k'([A-Za-z_]\w*)'/y,
  /\\k\{([A-Za-z_]\w*)\}/y,
  /\(\?P=([A-Za-z_]\w*)\)/y,
];

/** Reads a backreference, the cursor standing before its first character; undefined if none stands there. */
export function readReference(cursor: Cursor, groups: GroupTable, ignoreCase: boolean): Term | undefined {
  // Asked before every character: what cannot be one is told by two of them.
  const isEscape = cursor.peek() === '\\';
  if (!isEscape && (cursor.peek() !== '(' || cursor.peek(1) !== '?')) return undefined;
  if (isEscape && !'123456789gk'.includes(cursor.peek(1))) return undefined;
  const start = cursor.at;
  for (const spelling of SPELLINGS) {
    const found = cursor.match(spelling);
    if (found === null) continue;
    const [text, name] = found as RegExpExecArray & [string, string];
    if (isOctal(text, groups.total)) {
      cursor.at = start;
      return undefined;
    }
    const index = groups.find(name);
    if (index === undefined) cursor.fail(`${text} (backreference) must name a group that stands before it`, start);
    if (index > MAX_GROUP) cursor.fail(`${text} (backreference) must name one of groups 1 to ${MAX_GROUP}`, start);
    return { kind: 'reference', index, ignoreCase };
  }
  return undefined;
}

function isOctal(text: string, total: number): boolean {
  const number = Number(text.slice(1));
  return number > 9 && number > total && text[1]! < '8';
}

/** The number of capturing groups, counted roughly: it only tells `\10` the octal byte from `\10` the reference. */
function countGroups(text: string): number {
  return text.match(/(?<!\\)\((?:(?!\?)|\?P?<(?![=!])|\?')/g)?.length ?? 0;
}
