// urlEncode: three bytes for each that is not a letter, a digit or `*`, so the result may be three times as long.
import { firstOf, flagsOf, isAlphanumeric } from './bytes.ts';
import { close, openWide } from './scratch.ts';
import { byteRange, bytesOf, type Transform } from './transform.ts';

const ENCODED = byteRange(0, 255).filter((byte) => !isAlphanumeric(byte) && byte !== 0x2a);
const FLAGS = flagsOf(ENCODED);
/** A byte becomes so many at most. */
const MOST_GROWTH = 3;
const DIGITS = bytesOf('0123456789abcdef');

/** A blank to `+`, all else but letters, digits and `*` to `%hh` (ModSecurity reference manual, urlEncode). */
export const urlEncode: Transform = {
  name: 'urlencode',
  lengthens: true,
  triggers: ENCODED,
  adds: [...bytesOf('%+'), ...DIGITS],
  apply(value) {
    if (firstOf(value, FLAGS) === -1) return value;
    const out = openWide(value, MOST_GROWTH);
    const end = MOST_GROWTH * value.length;
    let length = 0;
    for (let index = end - value.length; index < end; index++) {
      const byte = out[index]!;
      if (byte === 0x20) out[length++] = 0x2b;
      else if (FLAGS[byte] === 0) out[length++] = byte;
      else {
        out[length++] = 0x25;
        out[length++] = DIGITS[byte >> 4]!;
        out[length++] = DIGITS[byte & 15]!;
      }
    }
    return close(out, length, value);
  },
};
