// Byte strings (one char, one byte) and text for people.

const HIGH = /[\x80-\xff]/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What a byte string says when it is UTF-8; otherwise the string itself, a char for each byte. */
export function readableText(bytes: string): string {
  if (!HIGH.test(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}
