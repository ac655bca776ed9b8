// Finds the lines that separate the parts of a multipart body (RFC 2046, 5.1.1), and those that only look so.
// Time is linear in the body: a line is looked at a fixed number of times.

export interface Delimiter {
  /** Where its line begins. */
  readonly start: number;
  /** Where the line after it begins; the length of the body when there is none. */
  readonly next: number;
  readonly isFinal: boolean;
  /** How its line ends; undefined: with the body. */
  readonly lineEnd: 'crlf' | 'lf' | undefined;
}

/** Goes from delimiter to delimiter; what is noticed on the way stands in its fields. */
export class DelimiterSearch {
  /** A line that resembles a delimiter was seen since the last one that is. */
  seenLookalike = false;
  /** The first line that one reader takes for a delimiter and another does not. */
  error: string | undefined;
  readonly #body: Buffer;
  readonly #delimiter: Buffer;
  readonly #truncated: boolean;

  constructor(body: Buffer, boundary: string, truncated: boolean) {
    this.#body = body;
    this.#truncated = truncated;
    this.#delimiter = Buffer.from(`--${boundary}`, 'latin1');
  }

  /** The first delimiter at or after `from`, where a line begins. Blanks behind it are an error, but it counts. */
  next(from: number): Delimiter | undefined {
    this.seenLookalike = false;
    let found: Delimiter | undefined;
    let at = this.#body.indexOf(this.#delimiter, from);
    while (at >= 0 && found === undefined) {
      if (at === from || this.#body[at - 1] === LF) found = this.#read(at);
      if (found === undefined) {
        this.seenLookalike = true;
        const newline = this.#body.indexOf(LF, at);
        at = newline < 0 ? -1 : this.#body.indexOf(this.#delimiter, newline);
      }
    }
    this.#lookAtDashes(from, found?.start ?? this.#body.length);
    return found;
  }

  #read(start: number): Delimiter | undefined {
    const body = this.#body;
    let at = start + this.#delimiter.length;
    const isFinal = body[at] === DASH && body[at + 1] === DASH;
    if (isFinal) at += 2;
    const textEnd = at;
    while (body[at] === 0x20 || body[at] === 0x09) at += 1;
    const isCrlf = body[at] === CR && body[at + 1] === LF;
    if (at < body.length && !isCrlf && body[at] !== LF) {
      const isCut = this.#truncated && at === body.length - 1 && (body[at] === CR || body[at] === DASH);
      if (!isCut) this.error ??= 'text behind a boundary';
      return undefined;
    }
    if (at > textEnd) this.error ??= 'blanks behind a boundary';
    if (at >= body.length) return { start, next: body.length, isFinal, lineEnd: undefined };
    return { start, next: at + (isCrlf ? 2 : 1), isFinal, lineEnd: isCrlf ? 'crlf' : 'lf' };
  }

  /** Lines with two dashes resemble a delimiter; with blanks or quotes before the boundary some readers take them. */
  #lookAtDashes(from: number, end: number): void {
    const body = this.#body;
    let line = body[from] === DASH && body[from + 1] === DASH ? from : this.#lineWithDashes(from);
    while (line >= 0 && line < end) {
      this.seenLookalike = true;
      let at = line + 2;
      while (isBlankOrQuote(body[at])) at += 1;
      if (at > line + 2 && this.#hasBoundaryAt(at)) this.error ??= 'blanks or quotes before a boundary';
      line = this.#lineWithDashes(at);
    }
  }

  /** Where the next line with two dashes begins, -1 when there is none. */
  #lineWithDashes(from: number): number {
    const newline = this.#body.indexOf(LF_DASHES, from);
    return newline < 0 ? -1 : newline + 1;
  }

  #hasBoundaryAt(at: number): boolean {
    for (let i = 2; i < this.#delimiter.length; i += 1) {
      if (this.#body[at + i - 2] !== this.#delimiter[i]) return false;
    }
    return true;
  }
}

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const LF_DASHES: Buffer = Buffer.from('\n--');

function isBlankOrQuote(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0b || byte === 0x0c || byte === 0x0d || byte === 0x22;
}
