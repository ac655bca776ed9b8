// The kinds of SQL token, the few tokens a verdict looks at, and the reading position: what tokenizer, folding and
// verdict share. It never allocates while a value is read; token texts stay where they are in the value.

/** Every kind is one bit, so that a set of kinds is a mask. The order is that of `kindLetters`. */
export const KEYWORD = 1;
export const UNION: number = 1 << 1;
export const GROUP: number = 1 << 2;
export const EXPRESSION: number = 1 << 3;
export const SQL_TYPE: number = 1 << 4;
export const FUNCTION: number = 1 << 5;
export const BAREWORD: number = 1 << 6;
export const NUMBER: number = 1 << 7;
export const VARIABLE: number = 1 << 8;
export const STRING: number = 1 << 9;
export const OPERATOR: number = 1 << 10;
export const LOGIC: number = 1 << 11;
export const COMMENT: number = 1 << 12;
export const COLLATE: number = 1 << 13;
export const LEFT_PAREN: number = 1 << 14;
export const RIGHT_PAREN: number = 1 << 15;
export const LEFT_BRACE: number = 1 << 16;
export const RIGHT_BRACE: number = 1 << 17;
export const DOT: number = 1 << 18;
export const COMMA: number = 1 << 19;
export const COLON: number = 1 << 20;
export const SEMICOLON: number = 1 << 21;
export const TSQL: number = 1 << 22;
export const OTHER: number = 1 << 23;
/** What cannot be read the same way by all databases, such as a comment within a comment: an attack by itself. */
export const EVIL: number = 1 << 24;
export const BACKSLASH: number = 1 << 25;

/** The letter of each kind in a fingerprint, by the number of its bit. */
export const kindLetters = 'kUBEtfn1vso&cA(){}.,:;T?X\\';

/** A fingerprint has at most five tokens; a sixth is read to tell what the fifth is. */
export const maxTokens = 5;

/** The slot that keeps the last comment while others are read. */
export const commentSlot = 6;

/** Text beyond this is no part of a token (the published algorithm keeps 31 bytes); no word is as long. */
const maxTokenLength = 31;

const slots = 8;

/** The dictionary has no such word; and: it was not asked yet. */
export const noWord = 0;
export const unknownWord = -1;

const NO_BYTES = new Uint8Array(0);

/** The tokens of one value in one context, and where reading stands. One object serves all values in turn. */
export class SqlTokens {
  value = '';
  bytes: Uint8Array = NO_BYTES;
  end = 0;
  position = 0;
  /** `#` and `-- ` are read as MySQL does. */
  mysql = false;
  /** The quote the value is taken to stand in, or an empty string. */
  quote = '';
  /** Slots in use, and how many of them are settled: the folding rules look at those from there on. */
  count = 0;
  settled = 0;
  /** How many tokens were read, folded ones included. */
  seen = 0;
  /** Something was read that MySQL reads in another way. */
  differsInMysql = false;

  readonly kind: Int32Array = new Int32Array(slots);
  readonly start: Int32Array = new Int32Array(slots);
  readonly length: Int32Array = new Int32Array(slots);
  /** The dictionary's number of the text. */
  readonly word: Int32Array = new Int32Array(slots);
  /** The byte that opened and closed a string, 0 where there was none. */
  readonly opener: Uint8Array = new Uint8Array(slots);
  readonly closer: Uint8Array = new Uint8Array(slots);

  /** `bytes` begins with those of the value. */
  begin(value: string, bytes: Uint8Array, quote: string, mysql: boolean): void {
    this.value = value;
    this.bytes = bytes;
    this.end = value.length;
    this.position = 0;
    this.mysql = mysql;
    this.quote = quote;
    this.count = 0;
    this.settled = 0;
    this.seen = 0;
    this.differsInMysql = false;
  }

  set(slot: number, kind: number, start: number, length: number): void {
    this.kind[slot] = kind;
    this.start[slot] = start;
    this.length[slot] = length < maxTokenLength ? length : maxTokenLength;
    this.word[slot] = noWord;
    this.opener[slot] = 0;
    this.closer[slot] = 0;
  }

  copy(from: number, to: number): void {
    this.kind[to] = this.kind[from]!;
    this.start[to] = this.start[from]!;
    this.length[to] = this.length[from]!;
    this.word[to] = this.word[from]!;
    this.opener[to] = this.opener[from]!;
    this.closer[to] = this.closer[from]!;
  }

  /** The first byte of a token's text, 0 when it has none. */
  firstByte(slot: number): number {
    return this.length[slot] === 0 ? 0 : this.bytes[this.start[slot]!]!;
  }
}
