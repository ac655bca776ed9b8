// urlDecode and urlDecodeUni. What is not a valid escape stays as it is.
import { byteAt, hexPair, lowByteOfUnit } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

/** `%HH` to its byte, `+` to a blank (ModSecurity reference manual, urlDecode). */
export const urlDecode: Transform = {
  name: 'urldecode',
  triggers: bytesOf('%+'),
  adds: 'any',
  apply: (value) => decode(value, false),
};

/**
 * As urlDecode, and Microsoft's `%uHHHH`: to the low byte, FF01 to FF5E to ASCII (ModSecurity reference manual,
 * urlDecodeUni). There is no code page map: a best fit such as `%u2039` for `<` is not made.
 */
export const urlDecodeUni: Transform = {
  name: 'urldecodeuni',
  triggers: bytesOf('%+'),
  adds: 'any',
  apply: (value) => decode(value, true),
};

/** The first `%` that no two hexadecimal digits follow; -1: there is none. */
export function invalidEscape(value: string): number {
  const start = value.indexOf('%');
  if (start === -1) return -1;
  const bytes = open(value);
  const end = value.length;
  for (let index = start; index < end; index++) {
    if (bytes[index] === 0x25 && hexPair(bytes, index + 1, end) === -1) return index;
  }
  return -1;
}

function decode(value: string, units: boolean): string {
  const percent = value.indexOf('%');
  const plus = value.indexOf('+');
  if (percent === -1 && plus === -1) return value;
  const out = open(value);
  const end = value.length;
  let length = percent === -1 ? plus : plus === -1 ? percent : Math.min(percent, plus);
  for (let index = length; index < end; ) {
    const byte = out[index]!;
    if (byte === 0x25) {
      const unit = units && (byteAt(out, index + 1, end) | 0x20) === 0x75;
      const decoded = unit ? lowByteOfUnit(out, index + 2, end) : hexPair(out, index + 1, end);
      if (decoded !== -1) {
        out[length++] = decoded;
        index += unit ? 6 : 3;
        continue;
      }
    }
    out[length++] = byte === 0x2b ? 0x20 : byte;
    index++;
  }
  return close(out, length, value);
}
