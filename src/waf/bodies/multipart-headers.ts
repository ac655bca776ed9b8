// Reads the header lines of one part of a multipart body, up to the empty line.
// It must never drop a line that is malformed: rules look at every one.
import type { Named } from './named.ts';

/** What the header lines, and how they end, say. */
export interface PartHeaders {
  /** One entry a header: its name in lower case, and the whole line without its end, folded lines joined by a blank. */
  readonly lines: Named[];
  /** Where the content begins; undefined: the empty line did not come. */
  readonly contentStart: number | undefined;
  readonly hasLf: boolean;
  readonly hasCrlf: boolean;
  readonly hasFolding: boolean;
  readonly hasInvalidFolding: boolean;
  readonly error?: string;
}

/** libmodsecurity's line buffer; a longer line is an error. */
export const MAX_HEADER_LINE_BYTES = 4096;
export const MAX_HEADERS_PER_PART = 32;

/**
 * Reads from `start` up to the empty line, and not beyond `end`, where the part ends. When the body may be `cut` off
 * there, the last line is kept without being checked.
 */
export function readPartHeaders(body: Buffer, start: number, end: number, cut: boolean): PartHeaders {
  const reader = new HeaderReader();
  let at = start;
  while (at < end) {
    const newline = body.indexOf(0x0a, at);
    if (newline < 0 || newline >= end) {
      reader.readLastLine(body.toString('latin1', at, Math.min(end, at + MAX_HEADER_LINE_BYTES)), cut);
      break;
    }
    const isCrlf = newline > at && body[newline - 1] === 0x0d;
    const lineEnd = isCrlf ? newline - 1 : newline;
    reader.noteLineEnd(isCrlf);
    if (lineEnd === at) return reader.result(newline + 1);
    if (lineEnd - at > MAX_HEADER_LINE_BYTES) reader.fail('a header line that is too long');
    if (reader.lines.length === MAX_HEADERS_PER_PART) return reader.refused('more headers than allowed', at);
    reader.readLine(body.toString('latin1', at, Math.min(lineEnd, at + MAX_HEADER_LINE_BYTES)));
    at = newline + 1;
  }
  return reader.result(undefined);
}

class HeaderReader {
  readonly lines: { name: string; value: string }[] = [];
  #hasLf = false;
  #hasCrlf = false;
  #hasFolding = false;
  #hasInvalidFolding = false;
  #error: string | undefined;

  noteLineEnd(isCrlf: boolean): void {
    if (isCrlf) this.#hasCrlf = true;
    else this.#hasLf = true;
  }

  readLine(line: string): void {
    if (line.includes('\0')) this.fail('a NUL byte in a header');
    if (/^[ \t\v\f\r]/.test(line)) {
      this.#readFolded(line);
      return;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? '' : line.slice(0, colon).toLowerCase();
    if (colon < 0) this.fail('a header without colon');
    else if (!/^[\x21-\x7e]+$/.test(name)) this.fail('a header name with forbidden characters');
    else if (this.lines.some((earlier) => earlier.name === name)) this.fail('a header twice');
    this.lines.push({ name, value: line });
  }

  /** A line without end. */
  readLastLine(line: string, cut: boolean): void {
    if (cut) this.lines.push({ name: line.slice(0, Math.max(line.indexOf(':'), 0)).toLowerCase(), value: line });
    else this.readLine(line);
  }

  #readFolded(line: string): void {
    this.#hasFolding = true;
    const text = line.replace(/^[ \t\v\f\r]+/, '');
    const blanks = line.slice(0, line.length - text.length);
    // RFC 822 folds with blanks and tabs; PHP takes any white space.
    if (text === '' || /[^ \t]/.test(blanks)) this.#hasInvalidFolding = true;
    const last = this.lines.at(-1);
    if (last === undefined) {
      this.fail('a folded line before the first header');
      this.lines.push({ name: '', value: line });
    } else if (last.value.length + text.length > MAX_HEADER_LINE_BYTES) {
      this.fail('a header line that is too long');
    } else {
      last.value += ` ${text}`;
    }
  }

  fail(error: string): void {
    this.#error ??= error;
  }

  /** Gives up at a line: from there on all counts as content, so that it is inspected. */
  refused(error: string, contentStart: number): PartHeaders {
    this.fail(error);
    return this.result(contentStart);
  }

  result(contentStart: number | undefined): PartHeaders {
    return {
      lines: this.lines,
      contentStart,
      hasLf: this.#hasLf,
      hasCrlf: this.#hasCrlf,
      hasFolding: this.#hasFolding,
      hasInvalidFolding: this.#hasInvalidFolding,
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }
}
