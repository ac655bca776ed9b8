// shellPlain: a command line without what a shell reads over: quotes and escapes inside of words, variables that are blanks or
// nothing, lists in braces. Case and line ends stay.
import { byteAt, firstOf, flagsOf } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

const DROPPED = flagsOf(bytesOf('"\'\\^'));
const BLANK = flagsOf(bytesOf(' \t\v\f\r'));
// Blanks alone are no reason to write a text anew: patterns take any run of them.
const TRIGGERS = bytesOf('"\'\\^$`{\t\v\f\r');
const FLAGS = flagsOf(TRIGGERS);
/** Parameters that are empty when no script runs: `$@`, `$*`, `$1`. */
const EMPTY = flagsOf(bytesOf('@*!#-123456789'));
/** The longest expansion, and the longest list in braces, that is read. */
const MOST_INSIDE = 64;

/** Quotes, backslashes and carets go; `$IFS` and its kin are a blank, `$@` and empty substitutions nothing, `{a,b}` is `a b`. */
export const shellPlain: Transform = {
  name: 'shellplain',
  triggers: TRIGGERS,
  adds: bytesOf(' /'),
  apply(value) {
    const start = firstOf(value, FLAGS);
    if (start === -1) return value;
    const out = open(value);
    const end = value.length;
    let length = start;
    let listEnd = -1;
    for (let index = start; index < end; ) {
      const byte = out[index]!;
      let put = byte;
      let next = index + 1;
      if (DROPPED[byte] === 1) put = NOTHING;
      else if (BLANK[byte] === 1) put = 0x20;
      else if (byte === 0x24) {
        put = expansion(value, out, index);
        next = expansionEnd;
      } else if (byte === 0x60 && byteAt(out, next, end) === 0x60) {
        put = NOTHING;
        next++;
      } else if (byte === 0x7b) {
        const closing = listEndOf(out, next, end);
        if (closing !== -1) {
          listEnd = closing;
          put = 0x20;
        }
      } else if (index <= listEnd && (byte === 0x2c || byte === 0x7d)) put = 0x20;
      if (put !== NOTHING && !(put === 0x20 && length > 0 && out[length - 1] === 0x20)) out[length++] = put;
      index = next;
    }
    return close(out, length, value);
  },
};

const NOTHING = -1;
/** Where the last expansion ended. */
let expansionEnd = 0;

/** What stands for `$…`: a blank, a slash, nothing, or the dollar itself. */
function expansion(value: string, bytes: Uint8Array, index: number): number {
  const end = value.length;
  const next = byteAt(bytes, index + 1, end);
  if (next === 0x7b) return inBraces(value, index + 2);
  expansionEnd = index + 1;
  if (next === 0x49 && byteAt(bytes, index + 2, end) === 0x46 && byteAt(bytes, index + 3, end) === 0x53) {
    expansionEnd = index + 4;
    return 0x20;
  }
  // `$'…'` and `$"…"` are strings.
  if (next === 0x27 || next === 0x22) return NOTHING;
  if (next === 0x28 && byteAt(bytes, index + 2, end) === 0x29) {
    expansionEnd = index + 3;
    return NOTHING;
  }
  if (next === -1 || EMPTY[next] !== 1) return 0x24;
  expansionEnd = index + 2;
  return NOTHING;
}

/** A parameter and what is done with it (POSIX.1-2024, 2.6.2). */
const PARAMETER = /^[!#]?(?:\w+|[@*])(?:[:%#?/^,+=-][^\s('"]*)?$/;
const FIRST_OF_PATH = /^(?:PATH|HOME|PWD|SHELL):0:1$/;

function inBraces(value: string, from: number): number {
  const close = value.slice(from, from + MOST_INSIDE).indexOf('}');
  const name = value.slice(from, from + Math.max(0, close));
  expansionEnd = from - 1;
  // Not a name of a shell: a template of another language.
  if (close === -1 || !PARAMETER.test(name)) return 0x24;
  expansionEnd = from + close + 1;
  if (name.startsWith('IFS')) return 0x20;
  return FIRST_OF_PATH.test(name) ? 0x2f : NOTHING;
}

/** The end of `{cat,/etc/passwd}`; -1: these braces hold no list of words. */
function listEndOf(bytes: Uint8Array, from: number, end: number): number {
  let hasComma = false;
  for (let index = from; index < from + MOST_INSIDE && index < end; index++) {
    const byte = bytes[index]!;
    if (byte === 0x7d) return hasComma ? index : -1;
    if (BLANK[byte] === 1 || byte === 0x7b || byte === 0x0a) return -1;
    hasComma ||= byte === 0x2c;
  }
  return -1;
}
