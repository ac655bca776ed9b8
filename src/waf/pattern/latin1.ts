// The bytes of a byte string, in one buffer that all matchers share: a scan is never interrupted by another.

/** Bytes that a string is turned into at a time. */
export const CHUNK_BYTES = 16_384;

/** Node's own method behind `write(…, 'latin1')`, without the cost of looking at its arguments. */
interface Latin1Writer {
  latin1Write(text: string, offset: number, length: number): number;
}

const buffer = Buffer.allocUnsafe(CHUNK_BYTES) as Buffer & Latin1Writer;

/** Where `latin1Chunk` puts its bytes. */
export const chunk: Uint8Array = buffer;

/** The text that `chunk` holds from its beginning: one text is looked at several times in a row. */
let held: string | undefined;

/** Puts the characters from `at` on into `chunk`, as many as fit, and returns how many. */
export function latin1Chunk(value: string, at: number): number {
  const length = Math.min(value.length - at, CHUNK_BYTES);
  if (length < value.length) {
    held = undefined;
    buffer.latin1Write(value.slice(at, at + length), 0, length);
  } else if (value !== held) {
    held = value;
    buffer.latin1Write(value, 0, length);
  }
  return length;
}
