// A stretch of rule text that knows where it stands, so that every fault can be shown at its place.
// Rule text is a byte string (latin1): what a rule says is compared with bytes, never with characters.

/** One directive, continuation lines already joined. */
export interface LogicalLine {
  readonly file: string;
  readonly text: string;
  /** The physical lines it was joined from, in order; there is always one. */
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Where the physical line begins in the joined text. */
  readonly at: number;
  /** From 1. */
  readonly number: number;
  /** The physical line as written. */
  readonly source: string;
}

/** A part of a logical line. The text is shorter than its source where escapes were taken out. */
export interface Span {
  readonly text: string;
  /** Where it begins in the line's text. */
  readonly at: number;
  readonly line: LogicalLine;
}

export interface Place {
  readonly line: number;
  readonly column: number;
  readonly source: string;
}

/** The part of a span between two offsets of its own text. */
export function part(span: Span, from: number, to: number = span.text.length): Span {
  return { text: span.text.slice(from, to), at: span.at + from, line: span.line };
}

/** The same place with another text: what is left once escapes are taken out. */
export function reworded(span: Span, text: string): Span {
  return { text, at: span.at, line: span.line };
}

/** Without the blanks around it; a blank behind a backslash stays, so that no backslash is left alone at the end. */
export function trimmed(span: Span): Span {
  let from = 0;
  let to = span.text.length;
  while (from < to && isBlank(span.text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(span.text.charCodeAt(to - 1)) && !isEscaped(span.text, to - 1)) to -= 1;
  return part(span, from, to);
}

/** Line and column (from 1, counted in characters) of a span's beginning in its file. */
export function placeOf(span: Span): Place {
  const { pieces } = span.line;
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle]?.at ?? 0) <= span.at) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low] ?? { at: 0, number: 0, source: '' };
  const before = piece.source.slice(0, Math.max(0, span.at - piece.at));
  return { line: piece.number, column: fromBytes(before).length + 1, source: fromBytes(piece.source) };
}

/** Space, tab and the other ASCII blanks. */
export function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** Folds A to Z only: the other bytes belong to encodings that this text knows nothing of. */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** A byte string as people read it; text that is no UTF-8 in bytes stays as it is. */
export function fromBytes(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text;
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.includes('\ufffd') ? text : decoded;
}

/** Takes the backslash away before the quotes named; every other pair of a backslash and a byte stays. */
export function unescapeQuotes(text: string, quotes: string): string {
  return text.includes('\\')
    ? text.replace(/\\([\s\S])/g, (pair: string, byte: string) => (quotes.includes(byte) ? byte : pair))
    : text;
}

/** The next unescaped occurrence of a character; -1: none. */
export function findUnescaped(text: string, wanted: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === wanted) return at;
  }
  return -1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (at - backslashes > 0 && text[at - backslashes - 1] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}
