// hexDecode, hexEncode and sqlHexDecode.
import { byteAt, hexPair } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

/**
 * Two digits to a byte, a last single one dropped (ModSecurity reference manual, hexDecode). A byte that is no digit is
 * taken for the number that its distance from `0` or `A` gives, as ModSecurity does.
 */
export const hexDecode: Transform = {
  name: 'hexdecode',
  triggers: undefined,
  adds: 'any',
  apply(value) {
    const out = open(value);
    const length = value.length >> 1;
    for (let index = 0; index < length; index++) {
      out[index] = digitOf(out[2 * index]!) * 16 + digitOf(out[2 * index + 1]!);
    }
    return close(out, length, value);
  },
};

/** Each byte to two digits in lower case (ModSecurity reference manual, hexEncode). */
export const hexEncode: Transform = {
  name: 'hexencode',
  lengthens: true,
  triggers: undefined,
  adds: bytesOf('0123456789abcdef'),
  apply: (value) => (value === '' ? value : Buffer.from(value, 'latin1').toString('hex')),
};

/** Each `0xHHHH…` to its bytes, all else as it is (ModSecurity reference manual, sqlHexDecode). */
export const sqlHexDecode: Transform = {
  name: 'sqlhexdecode',
  // A number needs both of its bytes; the x is the rarer one.
  triggers: bytesOf('xX'),
  adds: 'any',
  apply(value) {
    const start = value.indexOf('0');
    if (start === -1) return value;
    const out = open(value);
    const end = value.length;
    let length = start;
    for (let index = start; index < end; ) {
      const byte = out[index]!;
      const marked = byte === 0x30 && (byteAt(out, index + 1, end) | 0x20) === 0x78;
      let pair = marked ? hexPair(out, index + 2, end) : -1;
      if (pair === -1) {
        out[length++] = byte;
        index++;
        continue;
      }
      for (index += 2; pair !== -1; pair = hexPair(out, index, end)) {
        out[length++] = pair;
        index += 2;
      }
    }
    return close(out, length, value);
  },
};

function digitOf(byte: number): number {
  return byte >= 0x41 ? (byte & 0xdf) - 0x41 + 10 : byte - 0x30;
}
