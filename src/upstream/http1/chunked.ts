// The chunked coding, decoded byte by byte where it is framing and span by span where it is data
// (RFC 9112, 7.1). As strict as llhttp: a chunk size read in two ways is request smuggling.
import { BlockReader, INCOMPLETE, TOO_LONG } from './block.ts';
import { hasFraming, readFields, withoutForbiddenTrailers } from './fields.ts';
import type { ParserLimits } from './limits.ts';
import { CLASSES, CR, LF, QUOTED, TOKEN, VALUE } from './syntax.ts';

/** All bytes so far are read; more are needed. */
export const CHUNK_MORE = 0;
/** `from` to `to` are bytes of the body. */
export const CHUNK_DATA = 1;
/** The last chunk and the trailers have been read: `trailers`. */
export const CHUNK_END = 2;
/** A byte that may not be there, or something too long: `fault`. */
export const CHUNK_BAD = 3;

// Where in the body the next byte stands; up to BAD each byte is one step.
const SIZE_FIRST = 0;
const SIZE = 1;
const EXTENSION_NAME_FIRST = 2;
const EXTENSION_NAME = 3;
const EXTENSION_VALUE_FIRST = 4;
const EXTENSION_TOKEN = 5;
const EXTENSION_QUOTED = 6;
const EXTENSION_ESCAPED = 7;
const EXTENSION_QUOTED_END = 8;
const LINE_END = 9;
const DATA_CR = 10;
const DATA_LF = 11;
const FINAL_LF = 12;
const BAD = 13;
const DATA = 14;
const TRAILERS = 15;
const TRAILER_LINES = 16;
const DONE = 17;

const SEMICOLON = 59;
const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;
/** 2^53-1 has 14 hex digits; more are leading zeros without end or an overflow. */
const MAX_SIZE_DIGITS = 16;
const NO_FIELDS: readonly string[] = [];

export class ChunkedDecoder {
  /** Where in the input reading goes on. */
  position = 0;
  from = 0;
  to = 0;
  trailers: readonly string[] = NO_FIELDS;
  fault = '';
  readonly #limits: ParserLimits;
  readonly #block = new BlockReader();
  #state = SIZE_FIRST;
  #remaining = 0;
  #digits = 0;
  #extensionBytes = 0;

  constructor(limits: ParserLimits) {
    this.#limits = limits;
  }

  /** For the next body; also lets go of what a body that broke off has left. */
  reset(): void {
    this.trailers = NO_FIELDS;
    this.#block.release();
    this.#state = SIZE_FIRST;
    this.#extensionBytes = 0;
  }

  /** Reads on from `at` to the next thing worth saying. */
  next(input: Buffer, at: number): number {
    this.position = at;
    while (this.position < input.length) {
      const state = this.#state;
      if (state === DATA) return this.#data(input);
      if (state === TRAILERS) this.#state = input[this.position] === CR ? this.#step(FINAL_LF) : TRAILER_LINES;
      else if (state === TRAILER_LINES) return this.#trailerLines(input);
      else this.#state = this.#byte(state, input[this.position] as number);
      if (this.#state === DONE) return CHUNK_END;
      if (this.#state === BAD) return this.#refuse('a malformed chunk');
    }
    return CHUNK_MORE;
  }

  #step(state: number): number {
    this.position += 1;
    return state;
  }

  #byte(state: number, byte: number): number {
    this.position += 1;
    if (state < EXTENSION_NAME_FIRST || state > EXTENSION_QUOTED_END) return this.#sizeStep(state, byte);
    this.#extensionBytes += 1;
    return this.#extensionBytes > this.#limits.maxChunkExtensionBytes ? BAD : extensionStep(state, byte);
  }

  #sizeStep(state: number, byte: number): number {
    switch (state) {
      case SIZE_FIRST:
        this.#remaining = 0;
        this.#digits = 0;
        return this.#sizeDigit(byte);
      case SIZE:
        if (byte === CR) return LINE_END;
        return byte === SEMICOLON ? EXTENSION_NAME_FIRST : this.#sizeDigit(byte);
      case LINE_END:
        if (byte !== LF) return BAD;
        return this.#remaining === 0 ? TRAILERS : DATA;
      case DATA_CR:
        return byte === CR ? DATA_LF : BAD;
      case DATA_LF:
        return byte === LF ? SIZE_FIRST : BAD;
      default:
        return state === FINAL_LF && byte === LF ? DONE : BAD;
    }
  }

  #sizeDigit(byte: number): number {
    const value = hexValue(byte);
    this.#digits += 1;
    this.#remaining = this.#remaining * 16 + value;
    return value === -1 || this.#digits > MAX_SIZE_DIGITS || this.#remaining > Number.MAX_SAFE_INTEGER ? BAD : SIZE;
  }

  #data(input: Buffer): number {
    this.from = this.position;
    this.to = Math.min(input.length, this.from + this.#remaining);
    this.#remaining -= this.to - this.from;
    if (this.#remaining === 0) this.#state = DATA_CR;
    this.position = this.to;
    return CHUNK_DATA;
  }

  /** RFC 9112, 7.1.2. */
  #trailerLines(input: Buffer): number {
    const { maxTrailerBytes, maxFields } = this.#limits;
    const position = this.#block.take(input, this.position, maxTrailerBytes);
    this.position = position < 0 ? input.length : position;
    if (position === INCOMPLETE) return CHUNK_MORE;
    if (position === TOO_LONG) return this.#refuse(`trailers of more than ${maxTrailerBytes} bytes`);
    if (position < 0) return this.#refuse('malformed trailers');
    const { bytes, start, end } = this.#block;
    const trailers: string[] = [];
    const fault = readFields(bytes, start, end, maxFields, trailers);
    this.#block.release();
    if (fault !== undefined) return this.#refuse(`${fault} in the trailers`);
    if (hasFraming(trailers)) return this.#refuse('framing in the trailers');
    this.trailers = withoutForbiddenTrailers(trailers);
    this.#state = DONE;
    return CHUNK_END;
  }

  #refuse(fault: string): number {
    this.#state = BAD;
    this.fault = fault;
    return CHUNK_BAD;
  }
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** `;name`, `;name=token` or `;name="quoted"` without spaces; what they mean is nobody's business (RFC 9112, 7.1.1). */
function extensionStep(state: number, byte: number): number {
  const kind = CLASSES[byte] as number;
  switch (state) {
    case EXTENSION_NAME_FIRST:
      return (kind & TOKEN) !== 0 ? EXTENSION_NAME : BAD;
    case EXTENSION_NAME:
      if ((kind & TOKEN) !== 0) return EXTENSION_NAME;
      return byte === EQUALS ? EXTENSION_VALUE_FIRST : afterExtension(byte);
    case EXTENSION_VALUE_FIRST:
      if (byte === QUOTE) return EXTENSION_QUOTED;
      return (kind & TOKEN) !== 0 ? EXTENSION_TOKEN : BAD;
    case EXTENSION_TOKEN:
      return (kind & TOKEN) !== 0 ? EXTENSION_TOKEN : afterExtension(byte);
    case EXTENSION_QUOTED:
      if (byte === QUOTE) return EXTENSION_QUOTED_END;
      if (byte === BACKSLASH) return EXTENSION_ESCAPED;
      return (kind & QUOTED) !== 0 ? EXTENSION_QUOTED : BAD;
    case EXTENSION_ESCAPED:
      return (kind & VALUE) !== 0 ? EXTENSION_QUOTED : BAD;
    default:
      return afterExtension(byte);
  }
}

function afterExtension(byte: number): number {
  if (byte === CR) return LINE_END;
  return byte === SEMICOLON ? EXTENSION_NAME_FIRST : BAD;
}
