// Secrets in JSON, or in what is JSON in part: a text may be cut, or stand within another one. The form stays.

import type { Found } from './known.ts';

/** The value put out of sight, and where what it takes the place of ends. */
export type Hidden = readonly [put: string, end: number];

const BLANKS = /[ \t\r\n]*/y;
const BARE = /[^\s"',}\]{[]+/y;
const ESCAPES = /(?:\\u[\da-f]{4})+|\\([\s\S])/gi;
const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** Values that tell nothing. */
const LITERAL = /^(?:true|false|null)$/;
/** Before a text of JSON, a name or a value in it; -1: the beginning. */
const OPENERS = '{[,:';
/** What no value begins with. */
const CLOSERS = ',:}]';

/** Whether a quote at `at` opens a text of JSON, by what stands before it. */
export function opensText(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && ' \t\r\n'.includes(text.charAt(before))) before--;
  return before < 0 || OPENERS.includes(text.charAt(before));
}

/** Where the quote is that closes what is open before `from`; the end of the text, or of the line, when there is none. */
export function quoteEnd(text: string, from: number, quote: string, isInLine = false): number {
  const sign = quote.charCodeAt(0);
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === sign || (isInLine && code === 0x0a)) return at;
    if (code === 0x5c) at++;
  }
  return text.length;
}

export function blanksEnd(text: string, from: number): number {
  BLANKS.lastIndex = from;
  BLANKS.test(text);
  return BLANKS.lastIndex;
}

/** Of a name: its value, a tree of values, or as much of that as there is. Names in a tree stay. */
export function hideMember(text: string, from: number, mark: string, found: Found | undefined): Hidden {
  let depth = 0;
  let put = '';
  let at = from;
  while (at < text.length) {
    const first = text[at] as string;
    if (depth === 0 && CLOSERS.includes(first)) break;
    if (first === '{' || first === '[') depth++;
    if (first === '}' || first === ']') depth--;
    const end = leafEnd(text, at, found);
    const isName = depth > 0 && first === '"' && text[blanksEnd(text, end)] === ':';
    const next = depth > 0 ? blanksEnd(text, Math.max(end, at + 1)) : Math.max(end, at + 1);
    put +=
      end === at ? text.slice(at, next) : (isName ? text.slice(at, end) : JSON.stringify(mark)) + text.slice(end, next);
    at = next;
    if (depth === 0) break;
  }
  return [put, at];
}

/** Where the text, number or word ends that begins here, which is told; `at`: a sign. */
function leafEnd(text: string, at: number, found: Found | undefined): number {
  const first = text[at] as string;
  if (first === '"' || first === "'") {
    const close = quoteEnd(text, at + 1, first);
    report(text.slice(at + 1, close), found);
    return Math.min(close + 1, text.length);
  }
  BARE.lastIndex = at;
  const bare = first === ':' ? undefined : BARE.exec(text)?.[0];
  if (bare === undefined) return at;
  if (!LITERAL.test(bare)) found?.(bare);
  return at + bare.length;
}

function report(inside: string, found: Found | undefined): void {
  found?.(inside);
  if (inside.includes('\\')) found?.(meantBy(inside));
}

/** What the inside of a JSON text stands for, in bytes; readers that are not strict take any escape. */
export function meantBy(inside: string): string {
  if (!inside.includes('\\')) return inside;
  return inside.replace(ESCAPES, (run: string, char?: string) =>
    char === undefined ? unicode(run) : (CONTROLS[char] ?? char),
  );
}

/** Together, since a character may take two. */
function unicode(escapes: string): string {
  let chars = '';
  for (let at = 2; at < escapes.length; at += 6)
    chars += String.fromCharCode(Number.parseInt(escapes.slice(at, at + 4), 16));
  return Buffer.from(chars).toString('latin1');
}
