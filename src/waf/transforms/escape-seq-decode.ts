// escapeSeqDecode: the escapes of ANSI C strings. Every backslash goes, but for one at the very end.
import { hexPair } from './bytes.ts';
import { simpleEscape } from './escape.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

/** `\n` and the like, `\xHH`, `\OOO` (ModSecurity reference manual, escapeSeqDecode); before any other byte the backslash goes. */
export const escapeSeqDecode: Transform = {
  name: 'escapeseqdecode',
  triggers: bytesOf('\\'),
  adds: 'any',
  apply(value) {
    const start = value.indexOf('\\');
    if (start === -1) return value;
    const out = open(value);
    let length = start;
    for (let index = start; index < value.length; ) {
      const byte = value.charCodeAt(index++);
      if (byte !== 0x5c || index === value.length) {
        out[length++] = byte;
        continue;
      }
      const kind = value.charCodeAt(index);
      if (kind >= 0x30 && kind <= 0x37) {
        // Three digits may say more than 255: the low byte counts.
        let number = 0;
        for (let digits = 0; digits < 3 && index < value.length; digits++, index++) {
          const digit = value.charCodeAt(index) - 0x30;
          if (digit < 0 || digit > 7) break;
          number = number * 8 + digit;
        }
        out[length++] = number & 255;
        continue;
      }
      const hex = (kind | 0x20) === 0x78 ? hexPair(value, index + 1) : -1;
      out[length++] = hex === -1 ? simpleEscape(kind) : hex;
      index += hex === -1 ? 1 : 3;
    }
    return close(out, length, value);
  },
};
