// Reads one JSON string (RFC 8259, section 7) out of a byte string and decodes its escapes to UTF-8.
import { HEX } from '../transforms/bytes.ts';
import { ByteText } from './byte-text.ts';

/** Reads strings one after another; what it found besides the value stands in its fields. */
export class JsonStrings {
  /** Where the text goes on after the string, or where it went wrong. */
  end = 0;
  /** Why the string is not one. */
  problem: string | undefined;

  /**
   * The value of the string whose opening quote is just before `start`; after a problem, what was read before it.
   * A surrogate without its other half becomes U+FFFD: JSON allows it, UTF-8 has no way to write it.
   */
  read(text: string, start: number): string {
    this.problem = undefined;
    const stop = plainEnd(text, start);
    if (text.charCodeAt(stop) === QUOTE) {
      this.end = stop + 1;
      return text.slice(start, stop);
    }
    return this.#readOn(text, start, stop);
  }

  #readOn(text: string, start: number, firstStop: number): string {
    let plain = start;
    this.end = firstStop;
    for (;;) {
      output.addSlice(text, plain, this.end);
      const char = text.charCodeAt(this.end);
      if (char === QUOTE) {
        this.end += 1;
        return output.take();
      }
      if (char === BACKSLASH) this.#readEscape(text);
      else this.problem = char < 0x20 ? 'a control character in a string' : 'a string without end';
      if (this.problem !== undefined) return output.take();
      plain = this.end;
      this.end = plainEnd(text, plain);
    }
  }

  #readEscape(text: string): void {
    const letter = text.charCodeAt(this.end + 1);
    if (letter === 0x75) {
      this.#readUnicodeEscape(text);
      return;
    }
    const byte = ESCAPES[letter];
    if (byte === undefined || byte === 0) {
      this.#fail(text, this.end + 2);
      return;
    }
    output.add(byte);
    this.end += 2;
  }

  #readUnicodeEscape(text: string): void {
    const unit = hexUnit(text, this.end + 2);
    if (unit < 0) {
      this.#fail(text, this.end + 6);
      return;
    }
    this.end += 6;
    if (unit >= 0xd800 && unit <= 0xdbff && text.startsWith('\\u', this.end)) {
      const low = hexUnit(text, this.end + 2);
      if (low >= 0xdc00 && low <= 0xdfff) {
        output.addCodePoint(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        this.end += 6;
        return;
      }
    }
    output.addCodePoint(unit);
  }

  /** An escape that the end of the text cuts off is a string without end, all others are wrong where they begin. */
  #fail(text: string, escapeEnd: number): void {
    if (escapeEnd > text.length) this.end = text.length;
    this.problem = escapeEnd > text.length ? 'a string without end' : 'an unknown escape';
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const output = new ByteText();

/** What the letter after a backslash stands for, by its byte; 0: nothing. `u` is read apart. */
const ESCAPES: Uint8Array = new Uint8Array(256);
for (const pair of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'])
  ESCAPES[pair.charCodeAt(0)] = pair.charCodeAt(1);

/** The first place from `at` on where a quote, a backslash, a control character or the end of the text stands. */
function plainEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (char === QUOTE || char === BACKSLASH || char < 0x20) return i;
  }
  return text.length;
}

/** The number that four hex digits mean, -1 when they are not four. */
function hexUnit(text: string, at: number): number {
  let unit = 0;
  for (let index = at; index < at + 4; index++) {
    const digit = HEX[text.charCodeAt(index)] ?? -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}
