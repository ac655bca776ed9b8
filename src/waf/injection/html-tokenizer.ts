// Splits a value into HTML tokens as browsers of all ages do, beginning in text or within a tag. The state machine is
// that of libinjection 3.9.2 (see `sql-words.ts` for its licence), after the HTML standard, 13.2.5, with the quirks of
// old browsers. It accepts every value, copies nothing and looks at each byte once.

import { byteAt } from '../transforms/bytes.ts';
import {
  ATTRIBUTE_NAME,
  ATTRIBUTE_VALUE,
  BEFORE_ATTRIBUTE,
  COMMENT,
  END_TAG,
  type HtmlContext,
  IN_BACKTICKS,
  IN_DOUBLE_QUOTES,
  IN_SINGLE_QUOTES,
  IN_TEXT,
  TAG_END,
  TAG_NAME,
  TAG_SELF_CLOSE,
  TEXT,
} from './html-kinds.ts';
import { type Markup, readMarkup, upTo } from './html-markup.ts';

/** The places reading can be at, besides the contexts it begins in. */
const AT_END = 5;
const TAG_OPEN = 6;
const TAG_CLOSING = 7;
const SELF_CLOSING = 8;
const AFTER_ATTRIBUTE = 9;
const BEFORE_VALUE = 10;
const AFTER_QUOTED_VALUE = 11;

/** NUL and ASCII white space. */
const isSpace: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0 || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) ? 1 : 0,
);

const NO_BYTES = new Uint8Array(0);

/** The tokens of one value, one at a time: `next`, then `kind`, `start` and `length`. One object serves all values. */
export class HtmlTokens {
  value = '';
  bytes: Uint8Array = NO_BYTES;
  kind: number = TEXT;
  start = 0;
  length = 0;
  end = 0;
  private position = 0;
  private state: number = AT_END;
  /** In an end tag. Attributes do not reset it, so the next `<name>` counts as an end tag too. */
  private isEndTag = false;

  /** `bytes` begins with those of the value. */
  begin(value: string, bytes: Uint8Array, context: HtmlContext): void {
    this.value = value;
    this.bytes = bytes;
    this.end = value.length;
    this.position = 0;
    this.state = context;
    this.isEndTag = false;
  }

  /** Reads the next token; false when there is none. */
  next(): boolean {
    switch (this.state) {
      case IN_TEXT:
        return this.readText();
      case TAG_OPEN:
        return this.readTag();
      case TAG_CLOSING:
        return this.readTagEnd();
      case BEFORE_ATTRIBUTE:
        return this.beforeAttribute();
      case AFTER_ATTRIBUTE:
        return this.afterAttribute();
      case BEFORE_VALUE:
        return this.readValue();
      case IN_SINGLE_QUOTES:
        return this.readQuotedValue("'");
      case IN_DOUBLE_QUOTES:
        return this.readQuotedValue('"');
      case IN_BACKTICKS:
        return this.readQuotedValue('`');
      case AFTER_QUOTED_VALUE:
        return this.afterQuotedValue();
      case SELF_CLOSING:
        return this.afterSlash();
      default:
        return false;
    }
  }

  /** A token from the position to `until`; reading goes on at `position` in `state`. */
  private emit(kind: number, until: number, position: number, state: number): boolean {
    this.kind = kind;
    this.start = this.position;
    this.length = until - this.position;
    this.position = position;
    this.state = state;
    return true;
  }

  /** As `emit`, where the search for the end of a token found nothing (-1): the rest of the value is the token. */
  private emitTo(kind: number, found: number, width: number, state: number): boolean {
    if (found < 0) return this.emit(kind, this.end, this.end, AT_END);
    return this.emit(kind, found, found + width, state);
  }

  private emitMarkup({ kind, start, end, next }: Markup): boolean {
    this.position = start;
    return next < 0 ? this.emit(kind, end, end, AT_END) : this.emit(kind, end, next, IN_TEXT);
  }

  private readText(): boolean {
    const open = this.value.indexOf('<', this.position);
    if (open !== this.position) {
      if (open < 0 && this.position === this.end) return false;
      return this.emitTo(TEXT, open, 1, TAG_OPEN);
    }
    this.position++;
    return this.readTag();
  }

  /** After `<`. */
  private readTag(): boolean {
    if (this.position >= this.end) return false;
    const byte = this.bytes[this.position]!;
    switch (byte) {
      case 0x21:
      case 0x25:
      case 0x3f:
        return this.emitMarkup(readMarkup(this.value, this.position));
      case 0x2f:
        this.position++;
        this.isEndTag = true;
        return this.readEndTag();
      default:
        // Internet Explorer ignores NUL.
        if (byte === 0 || isLetter(byte)) return this.readTagName();
        this.position--;
        return this.emit(TEXT, this.position + 1, this.position + 1, IN_TEXT);
    }
  }

  private readEndTag(): boolean {
    if (this.position >= this.end) return false;
    const byte = this.bytes[this.position]!;
    if (byte === 0x3e) return this.readText();
    if (isLetter(byte)) return this.readTagName();
    this.isEndTag = false;
    return this.emitMarkup(upTo(this.value, COMMENT, this.position, '>'));
  }

  private readTagName(): boolean {
    const { bytes } = this;
    for (let at = this.position; at < this.end; at++) {
      const byte = bytes[at]!;
      if (byte === 0) continue;
      if (isSpace[byte] === 1) return this.emit(TAG_NAME, at, at + 1, BEFORE_ATTRIBUTE);
      if (byte === 0x2f) return this.emit(TAG_NAME, at, at + 1, SELF_CLOSING);
      if (byte === 0x3e) {
        if (!this.isEndTag) return this.emit(TAG_NAME, at, at, TAG_CLOSING);
        this.isEndTag = false;
        return this.emit(END_TAG, at, at + 1, IN_TEXT);
      }
    }
    return this.emit(TAG_NAME, this.end, this.end, AT_END);
  }

  private readTagEnd(): boolean {
    this.isEndTag = false;
    const next = this.position + 1;
    return this.emit(TAG_END, next, next, next < this.end ? IN_TEXT : AT_END);
  }

  /** The byte that is next after white space, or -1 at the end. As published, byte FF counts as the end. */
  private skipSpace(): number {
    while (this.position < this.end) {
      const byte = this.bytes[this.position]!;
      if (isSpace[byte] !== 1) return byte === 0xff ? -1 : byte;
      this.position++;
    }
    return -1;
  }

  private beforeAttribute(): boolean {
    for (;;) {
      const byte = this.skipSpace();
      if (byte === -1) return false;
      if (byte === 0x3e) return this.emit(TAG_END, this.position + 1, this.position + 1, IN_TEXT);
      if (byte !== 0x2f) return this.readAttributeName();
      this.position++;
      if (byteAt(this.bytes, this.position, this.end) === 0x3e) return this.emitSelfClose();
    }
  }

  private readAttributeName(): boolean {
    const { bytes } = this;
    for (let at = this.position + 1; at < this.end; at++) {
      const byte = bytes[at]!;
      if (isSpace[byte] === 1) return this.emit(ATTRIBUTE_NAME, at, at + 1, AFTER_ATTRIBUTE);
      if (byte === 0x2f) return this.emit(ATTRIBUTE_NAME, at, at + 1, SELF_CLOSING);
      if (byte === 0x3d) return this.emit(ATTRIBUTE_NAME, at, at + 1, BEFORE_VALUE);
      if (byte === 0x3e) return this.emit(ATTRIBUTE_NAME, at, at, TAG_CLOSING);
    }
    return this.emit(ATTRIBUTE_NAME, this.end, this.end, AT_END);
  }

  private afterAttribute(): boolean {
    switch (this.skipSpace()) {
      case -1:
        return false;
      case 0x2f:
        this.position++;
        return this.afterSlash();
      case 0x3d:
        this.position++;
        return this.readValue();
      case 0x3e:
        return this.readTagEnd();
      default:
        return this.readAttributeName();
    }
  }

  private readValue(): boolean {
    switch (this.skipSpace()) {
      case -1:
        this.state = AT_END;
        return false;
      case 0x22:
        return this.readQuotedValue('"');
      case 0x27:
        return this.readQuotedValue("'");
      case 0x60:
        return this.readQuotedValue('`');
      default:
        return this.readPlainValue();
    }
  }

  /** At the very start of the value the opening quote is not there, but taken to stand before it. */
  private readQuotedValue(quote: string): boolean {
    if (this.position > 0) this.position++;
    return this.emitTo(ATTRIBUTE_VALUE, this.value.indexOf(quote, this.position), 1, AFTER_QUOTED_VALUE);
  }

  private readPlainValue(): boolean {
    const { bytes } = this;
    for (let at = this.position; at < this.end; at++) {
      const byte = bytes[at]!;
      if (isSpace[byte] === 1) return this.emit(ATTRIBUTE_VALUE, at, at + 1, BEFORE_ATTRIBUTE);
      if (byte === 0x3e) return this.emit(ATTRIBUTE_VALUE, at, at, TAG_CLOSING);
    }
    return this.emit(ATTRIBUTE_VALUE, this.end, this.end, AT_END);
  }

  private afterQuotedValue(): boolean {
    if (this.position >= this.end) return false;
    return this.beforeAttribute();
  }

  /** After `/`, which only means something before `>`. */
  private afterSlash(): boolean {
    return byteAt(this.bytes, this.position, this.end) === 0x3e ? this.emitSelfClose() : this.beforeAttribute();
  }

  private emitSelfClose(): boolean {
    this.position--;
    return this.emit(TAG_SELF_CLOSE, this.position + 2, this.position + 2, IN_TEXT);
  }
}

function isLetter(byte: number): boolean {
  const upper = byte & 0xdf;
  return upper >= 0x41 && upper <= 0x5a;
}
