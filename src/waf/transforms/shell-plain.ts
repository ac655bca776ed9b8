// shellPlain: a command line without what a shell reads over: quotes and escapes inside of words, variables that are blanks or
// nothing, lists in braces. Case and line ends stay.
import { firstOf, flagsOf } from './bytes.ts';
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
    let length = start;
    let listEnd = -1;
    for (let index = start; index < value.length; ) {
      const byte = value.charCodeAt(index);
      let put = byte;
      let next = index + 1;
      if (DROPPED[byte] === 1) put = NOTHING;
      else if (BLANK[byte] === 1) put = 0x20;
      else if (byte === 0x24) {
        put = expansion(value, index);
        next = end;
      } else if (byte === 0x60 && value.charCodeAt(next) === 0x60) {
        put = NOTHING;
        next++;
      } else if (byte === 0x7b) {
        const close = listEndOf(value, next);
        if (close !== -1) {
          listEnd = close;
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
let end = 0;

/** What stands for `$…`: a blank, a slash, nothing, or the dollar itself. */
function expansion(value: string, index: number): number {
  const next = value.charCodeAt(index + 1);
  if (next === 0x7b) return inBraces(value, index + 2);
  end = index + 1;
  if (value.startsWith('IFS', index + 1)) {
    end = index + 4;
    return 0x20;
  }
  // `$'…'` and `$"…"` are strings.
  if (next === 0x27 || next === 0x22) return NOTHING;
  if (next === 0x28 && value.charCodeAt(index + 2) === 0x29) {
    end = index + 3;
    return NOTHING;
  }
  if (EMPTY[next] !== 1) return 0x24;
  end = index + 2;
  return NOTHING;
}

/** A parameter and what is done with it (POSIX.1-2024, 2.6.2). */
const PARAMETER = /^[!#]?(?:\w+|[@*])(?:[:%#?/^,+=-][^\s('"]*)?$/;
const FIRST_OF_PATH = /^(?:PATH|HOME|PWD|SHELL):0:1$/;

function inBraces(value: string, from: number): number {
  const close = value.slice(from, from + MOST_INSIDE).indexOf('}');
  const name = value.slice(from, from + Math.max(0, close));
  end = from - 1;
  // Not a name of a shell: a template of another language.
  if (close === -1 || !PARAMETER.test(name)) return 0x24;
  end = from + close + 1;
  if (name.startsWith('IFS')) return 0x20;
  return FIRST_OF_PATH.test(name) ? 0x2f : NOTHING;
}

/** The end of `{cat,/etc/passwd}`; -1: these braces hold no list of words. */
function listEndOf(value: string, from: number): number {
  let hasComma = false;
  for (let index = from; index < from + MOST_INSIDE && index < value.length; index++) {
    const byte = value.charCodeAt(index);
    if (byte === 0x7d) return hasComma ? index : -1;
    if (BLANK[byte] === 1 || byte === 0x7b || byte === 0x0a) return -1;
    hasComma ||= byte === 0x2c;
  }
  return -1;
}
