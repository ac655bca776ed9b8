// The one-letter escapes of C, which JavaScript and ANSI C strings share.

/** What a backslash and this byte stand for; a byte without a meaning of its own stands for itself. */
export function simpleEscape(byte: number): number {
  switch (byte) {
    case 0x61: // a
      return 0x07;
    case 0x62: // b
      return 0x08;
    case 0x66: // f
      return 0x0c;
    case 0x6e: // n
      return 0x0a;
    case 0x72: // r
      return 0x0d;
    case 0x74: // t
      return 0x09;
    case 0x76: // v
      return 0x0b;
    default:
      return byte;
  }
}
