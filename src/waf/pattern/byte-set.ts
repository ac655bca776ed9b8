// A set of byte values, 256 bits in eight words: the leaf of every pattern. Immutable once handed out.

/** A set of byte values. Methods that combine sets return new ones. */
export class ByteSet {
  readonly words: Uint32Array;
  private knownSize = -1;
  private knownKey: string | undefined;
  private folded: ByteSet | undefined;

  private constructor(words: Uint32Array) {
    this.words = words;
  }

  static readonly none: ByteSet = new ByteSet(new Uint32Array(8));
  static readonly all: ByteSet = new ByteSet(new Uint32Array(8).fill(0xffffffff));

  /** The bytes from `first` to `last`, both included. */
  static range(first: number, last: number): ByteSet {
    const words = new Uint32Array(8);
    for (let byte = first; byte <= last; byte++) words[byte >>> 5]! |= 1 << (byte & 31);
    return new ByteSet(words);
  }

  /** The set whose `key` that is. */
  static ofKey(key: string): ByteSet {
    const set = new ByteSet(Uint32Array.from(key.split(','), Number));
    set.knownKey = key;
    return set;
  }

  static one(byte: number): ByteSet {
    const known = SINGLES[byte];
    if (known !== undefined) return known;
    const set = ByteSet.range(byte, byte);
    SINGLES[byte] = set;
    return set;
  }

  /** The set of the characters of a byte string. */
  static of(text: string): ByteSet {
    if (text.length === 1) return ByteSet.one(text.charCodeAt(0) & 255);
    const words = new Uint32Array(8);
    for (let i = 0; i < text.length; i++) {
      const byte = text.charCodeAt(i) & 255;
      words[byte >>> 5]! |= 1 << (byte & 31);
    }
    return new ByteSet(words);
  }

  static union(sets: readonly ByteSet[]): ByteSet {
    const words = new Uint32Array(8);
    for (const set of sets) for (let i = 0; i < 8; i++) words[i]! |= set.words[i]!;
    return new ByteSet(words);
  }

  has(byte: number): boolean {
    return ((this.words[byte >>> 5]! >>> (byte & 31)) & 1) !== 0;
  }

  get size(): number {
    if (this.knownSize < 0) {
      this.knownSize = 0;
      for (const word of this.words) for (let rest = word; rest !== 0; rest &= rest - 1) this.knownSize++;
    }
    return this.knownSize;
  }

  /** The only byte of a set of one, else -1. */
  get single(): number {
    return this.size === 1 ? this.bytes()[0]! : -1;
  }

  bytes(): number[] {
    const bytes: number[] = [];
    for (let byte = 0; byte < 256; byte++) if (this.has(byte)) bytes.push(byte);
    return bytes;
  }

  union(other: ByteSet): ByteSet {
    return ByteSet.union([this, other]);
  }

  negate(): ByteSet {
    return new ByteSet(this.words.map((word) => ~word));
  }

  equals(other: ByteSet): boolean {
    if (this === other) return true;
    for (let i = 0; i < 8; i++) if (this.words[i] !== other.words[i]) return false;
    return true;
  }

  isSubsetOf(other: ByteSet): boolean {
    for (let i = 0; i < 8; i++) if ((this.words[i]! & ~other.words[i]!) !== 0) return false;
    return true;
  }

  /** The set with both cases of every ASCII letter in it. */
  foldCase(): ByteSet {
    this.folded ??= this.withBothCases();
    return this.folded;
  }

  private withBothCases(): ByteSet {
    const words = Uint32Array.from(this.words);
    const letters = (words[2]! | words[3]!) & LETTERS;
    words[2]! |= letters;
    words[3]! |= letters;
    return new ByteSet(words);
  }

  /** The bytes that ASCII lower-casing maps into this set: loses upper case, gains it where the lower case is in. */
  lowerPreimage(): ByteSet {
    const words = Uint32Array.from(this.words);
    words[2]! &= ~LETTERS;
    words[2]! |= words[3]! & LETTERS;
    return new ByteSet(words);
  }

  /** A text that is equal for equal sets only. */
  get key(): string {
    this.knownKey ??= this.words.join();
    return this.knownKey;
  }
}

/** Sets of one byte, made when first asked for. */
const SINGLES: ByteSet[] = [];

/** Bits 1 to 26 of a word: where A-Z lie in word 2 and a-z in word 3. */
const LETTERS = 0x07fffffe;

export const DIGIT: ByteSet = ByteSet.range(0x30, 0x39);
export const WORD: ByteSet = ByteSet.of('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
/** PCRE's `\s` in the C locale; without A0, which is an ordinary byte of UTF-8 text. */
export const SPACE: ByteSet = ByteSet.of('\t\n\v\f\r ');
