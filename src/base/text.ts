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

/** Bytes for their escapes, `user[token]` for `user%5Btoken%5D`; what is no escape stays. */
export function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
