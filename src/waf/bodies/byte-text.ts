// Collects bytes and hands them over as a byte string: what the decoders write to.
// It must never keep the memory of one large value for the rest of the process.

const START_BYTES = 4096;
const KEEP_BYTES = 65_536;

/** A growing run of bytes. One instance may be shared by calls that follow each other, not by nested ones. */
export class ByteText {
  #bytes: Buffer = Buffer.allocUnsafe(START_BYTES);
  #length = 0;

  add(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Copies `text` from `start` up to `end`; every char must be a byte. */
  addSlice(text: string, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = start; i < end; i += 1) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** Adds a code point as UTF-8; a surrogate becomes U+FFFD, as in every decoder that follows the Unicode standard. */
  addCodePoint(code: number): void {
    if (code < 0x80) {
      this.add(code);
    } else if (code < 0x800) {
      this.add(0xc0 | (code >> 6));
      this.add(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      const scalar = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
      this.add(0xe0 | (scalar >> 12));
      this.add(0x80 | ((scalar >> 6) & 0x3f));
      this.add(0x80 | (scalar & 0x3f));
    } else {
      this.add(0xf0 | (code >> 18));
      this.add(0x80 | ((code >> 12) & 0x3f));
      this.add(0x80 | ((code >> 6) & 0x3f));
      this.add(0x80 | (code & 0x3f));
    }
  }

  /** Returns what was added and starts anew. */
  take(): string {
    const text = this.#bytes.toString('latin1', 0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = Buffer.allocUnsafe(START_BYTES);
    return text;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + needed));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
