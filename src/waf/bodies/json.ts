// Reads a JSON body (RFC 8259, strictly) in one pass and names every value as libmodsecurity 3 does: json.user.array_0.
// It must never build objects: of two equal keys a backend may take either, so both have to be seen.
import { JsonStrings } from './json-string.ts';
import type { Named } from './named.ts';
import { invalidUtf8 } from './utf8.ts';

export interface JsonOptions {
  /** How deep objects and arrays may lie in each other (SecRequestBodyJsonDepthLimit). */
  readonly maxDepth: number;
  readonly maxArguments: number;
  /** Only the beginning of the body is at hand: that it ends early is no error. */
  readonly truncated?: boolean;
}

export interface JsonResult {
  /** All values up to the first error, the one that is wrong included as far as it could be read. */
  readonly args: Named[];
  /** There were more values than allowed. */
  readonly tooMany: boolean;
  /** What is wrong and at which byte. */
  readonly error?: string;
}

/**
 * Reads all scalars: strings as UTF-8 with their escapes decoded, numbers as written, `null` as an empty value. An
 * empty key is called `empty-key`. An empty object or array counts as an empty value, so that its key is inspected.
 * Comments, a byte order mark, text behind the value and invalid UTF-8 are errors. A body of no bytes is no error.
 * Names repeat the keys above them, so all names together may take 16 times the body and 64 KiB, then it is an error.
 */
export function parseJson(body: Buffer, options: JsonOptions): JsonResult {
  if (body.length === 0) return { args: [], tooMany: false };
  const reader = new Reader(body, options);
  reader.readDocument();
  const invalid = invalidUtf8(body, options.truncated === true);
  const error = invalid < 0 ? reader.error : `JSON: invalid UTF-8 at byte ${invalid}`;
  return { args: reader.args, tooMany: reader.tooMany, ...(error !== undefined && { error }) };
}

const NAME_BYTES_PER_BODY_BYTE = 16;
const NAME_BYTES_FREE = 65_536;
const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/** One open object or array. */
interface Container {
  readonly isArray: boolean;
  /** Its own name. */
  readonly name: string;
  /** What stands before the key or the number of a member. */
  readonly prefix: string;
  members: number;
}

const strings = new JsonStrings();

class Reader {
  readonly args: Named[] = [];
  tooMany = false;
  error: string | undefined;
  readonly #text: string;
  readonly #options: JsonOptions;
  readonly #stack: Container[] = [];
  #nameBytesLeft: number;
  #at = 0;

  constructor(body: Buffer, options: JsonOptions) {
    this.#text = body.toString('latin1');
    this.#options = options;
    this.#nameBytesLeft = body.length * NAME_BYTES_PER_BODY_BYTE + NAME_BYTES_FREE;
  }

  readDocument(): void {
    if (this.#text.startsWith(BYTE_ORDER_MARK)) {
      this.#fail('a byte order mark');
      this.#at = BYTE_ORDER_MARK.length;
    }
    if (!this.#readValue('json', this.#nextChar())) return;
    for (let top = this.#stack.at(-1); top !== undefined; top = this.#stack.at(-1)) {
      if (!this.#readMember(top)) return;
    }
    this.#nextChar();
    if (this.#at < this.#text.length) this.#fail('text after the value');
  }

  /** Reads the next member of the innermost container, or its end. */
  #readMember(container: Container): boolean {
    let char = this.#nextChar();
    if (char === (container.isArray ? 0x5d : 0x7d)) return this.#close(container);
    if (container.members > 0) {
      if (char !== 0x2c) return this.#refuse('a comma is missing');
      this.#at += 1;
      char = this.#nextChar();
    }
    container.members += 1;
    if (container.isArray) return this.#readValue(container.prefix + (container.members - 1), char);
    return char === 0x22 ? this.#readPair(container.prefix) : this.#refuse('a key is missing');
  }

  #readPair(prefix: string): boolean {
    const key = strings.read(this.#text, this.#at + 1);
    const name = prefix + (key === '' ? 'empty-key' : key);
    this.#at = strings.end;
    if (strings.problem !== undefined) return this.#add(name, '') && this.#refuse(strings.problem);
    if (this.#nextChar() !== 0x3a) return this.#add(name, '') && this.#refuse('a colon is missing');
    this.#at += 1;
    return this.#readValue(name, this.#nextChar());
  }

  #readValue(name: string, first: number): boolean {
    switch (first) {
      case 0x22:
        return this.#readString(name);
      case 0x7b:
        return this.#open(false, name, `${name}.`);
      case 0x5b:
        return this.#open(true, name, `${name}.array_`);
      case 0x74:
        return this.#readWord(name, 'true', 'true');
      case 0x66:
        return this.#readWord(name, 'false', 'false');
      case 0x6e:
        return this.#readWord(name, 'null', '');
      default:
        if (first === 0x2d || isDigit(first)) return this.#readNumber(name);
        return this.#add(name, '') && this.#refuse('a value is missing');
    }
  }

  #open(isArray: boolean, name: string, prefix: string): boolean {
    if (this.#stack.length >= this.#options.maxDepth) return this.#fail(`more than ${this.#options.maxDepth} levels`);
    this.#at += 1;
    this.#stack.push({ isArray, name, prefix, members: 0 });
    return true;
  }

  #close(container: Container): boolean {
    this.#at += 1;
    this.#stack.pop();
    return container.members > 0 || this.#stack.length === 0 || this.#add(container.name, '');
  }

  #readString(name: string): boolean {
    const value = strings.read(this.#text, this.#at + 1);
    this.#at = strings.end;
    return this.#add(name, value) && (strings.problem === undefined || this.#refuse(strings.problem));
  }

  #readWord(name: string, word: string, value: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) {
      if (word.startsWith(this.#text.slice(this.#at))) this.#at = this.#text.length;
      return this.#refuse('an unknown word');
    }
    this.#at += word.length;
    return this.#add(name, value);
  }

  #readNumber(name: string): boolean {
    const start = this.#at;
    const isNumber = this.#skipNumber();
    return this.#add(name, this.#text.slice(start, this.#at)) && (isNumber || this.#refuse('a digit is missing'));
  }

  #skipNumber(): boolean {
    const text = this.#text;
    if (text.charCodeAt(this.#at) === 0x2d) this.#at += 1;
    if (text.charCodeAt(this.#at) === 0x30) this.#at += 1;
    else if (!this.#skipDigits()) return false;
    if (text.charCodeAt(this.#at) === 0x2e) {
      this.#at += 1;
      if (!this.#skipDigits()) return false;
    }
    if ((text.charCodeAt(this.#at) | 0x20) !== 0x65) return true;
    this.#at += 1;
    const sign = text.charCodeAt(this.#at);
    if (sign === 0x2b || sign === 0x2d) this.#at += 1;
    return this.#skipDigits();
  }

  #skipDigits(): boolean {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#at > start;
  }

  /** Goes over blanks; the char that follows, -1 at the end. */
  #nextChar(): number {
    const text = this.#text;
    let at = this.#at;
    while (at < text.length) {
      const char = text.charCodeAt(at);
      if (char > 0x20 || (char !== 0x20 && char !== 0x0a && char !== 0x0d && char !== 0x09)) {
        this.#at = at;
        return char;
      }
      at += 1;
    }
    this.#at = at;
    return -1;
  }

  /** False when a bound was reached, which ends the reading. */
  #add(name: string, value: string): boolean {
    this.#nameBytesLeft -= name.length;
    if (this.#nameBytesLeft < 0) return this.#fail('names that are too long together');
    if (this.args.length >= this.#options.maxArguments) {
      this.tooMany = true;
      return this.#fail(`more than ${this.#options.maxArguments} values`);
    }
    this.args.push({ name, value });
    return true;
  }

  /** Ends the reading: with an error, unless the text was cut off here by the caller. */
  #refuse(what: string): false {
    if (this.#at < this.#text.length) return this.#fail(what);
    return this.#options.truncated === true ? false : this.#fail('the text ends too early');
  }

  #fail(what: string): false {
    this.error ??= `JSON: ${what} at byte ${this.#at}`;
    return false;
  }
}

function isDigit(char: number): boolean {
  return char >= 0x30 && char <= 0x39;
}
