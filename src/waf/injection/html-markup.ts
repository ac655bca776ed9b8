// What stands in `<! … >`, `<? … >` and `<% … %>`: comments of all kinds, document types and CDATA sections. None is
// searched twice: one without an end takes the rest of the value.

import { COMMENT, DOCTYPE, TEXT } from './html-kinds.ts';

export interface Markup {
  readonly kind: number;
  readonly start: number;
  readonly end: number;
  /** Where reading goes on; -1 if the markup has no end. */
  readonly next: number;
}

/** What begins at `!`, `?` or `%` after a `<`. `<% %>` is a comment in old Internet Explorer and Safari. */
export function readMarkup(value: string, at: number): Markup {
  const start = at + 1;
  switch (value.charCodeAt(at)) {
    case 0x25:
      return upTo(value, COMMENT, start, '%>');
    case 0x3f:
      return upTo(value, COMMENT, start, '>');
    default:
      return readDeclaration(value, start);
  }
}

/** After `<!`. */
function readDeclaration(value: string, start: number): Markup {
  if (value.startsWith('--', start)) return readComment(value, start + 2);
  if (value.startsWith('[CDATA[', start)) return upTo(value, TEXT, start + 7, ']]>');
  const isDoctype = value.slice(start, start + 7).toUpperCase() === 'DOCTYPE';
  return upTo(value, isDoctype ? DOCTYPE : COMMENT, start, '>');
}

/** A comment ends with `-->` or `-!>`; NULs may follow its first dash. */
function readComment(value: string, start: number): Markup {
  const end = value.length;
  for (let dash = value.indexOf('-', start); dash >= 0 && dash <= end - 3; dash = value.indexOf('-', dash + 1)) {
    let at = dash + 1;
    while (at < end && value.charCodeAt(at) === 0) at++;
    if (at + 1 >= end) break;
    const byte = value.charCodeAt(at);
    if ((byte === 0x2d || byte === 0x21) && value.charCodeAt(at + 1) === 0x3e) {
      return { kind: COMMENT, start, end: dash, next: at + 2 };
    }
  }
  return { kind: COMMENT, start, end, next: -1 };
}

/** What goes on from `start` to a mark, or to the end of the value. */
export function upTo(value: string, kind: number, start: number, close: string): Markup {
  const end = value.indexOf(close, start);
  if (end < 0) return { kind, start, end: value.length, next: -1 };
  return { kind, start, end, next: end + close.length };
}
