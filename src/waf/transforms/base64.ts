// base64Decode, base64DecodeExt and base64Encode (RFC 4648, 4). A damaged text gives what can be decoded of it: to answer
// with nothing would let one wrong byte hide an attack.
import { byteAt, firstOf } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const STOP = -1;
const SKIP = -2;

const STRICT = tableOf(STOP);
STRICT[0x0d] = SKIP;
STRICT[0x0a] = SKIP;
const STOPS = Uint8Array.from(STRICT, (code) => Number(code === STOP));
const FORGIVING = tableOf(SKIP);

/**
 * Decodes up to the first byte that is not of the alphabet; line ends and blanks before them are left out (ModSecurity
 * reference manual, base64Decode).
 */
export const base64Decode: Transform = {
  name: 'base64decode',
  triggers: undefined,
  adds: 'any',
  apply: (value) => decode(value, STRICT),
  mostLength: (value) => {
    const stop = firstOf(value, STOPS);
    const length = stop === -1 ? value.length : stop;
    // Behind blanks the text may go on in the next line.
    const goesOn = value.charCodeAt(length) === 0x20 && lineEnd(open(value), length, value.length) < value.length;
    return goesOn ? value.length : (length * 3) >> 2;
  },
};

/** Decodes and leaves out every byte that is not of the alphabet (ModSecurity reference manual, base64DecodeExt). */
export const base64DecodeExt: Transform = {
  name: 'base64decodeext',
  triggers: undefined,
  adds: 'any',
  apply: (value) => decode(value, FORGIVING),
};

/** Encodes with padding (ModSecurity reference manual, base64Encode). */
export const base64Encode: Transform = {
  name: 'base64encode',
  lengthens: true,
  triggers: undefined,
  adds: bytesOf(`${ALPHABET}=`),
  apply: (value) => (value === '' ? value : Buffer.from(value, 'latin1').toString('base64')),
};

function tableOf(other: number): Int8Array {
  const table = new Int8Array(256).fill(other);
  for (let code = 0; code < ALPHABET.length; code++) table[ALPHABET.charCodeAt(code)] = code;
  return table;
}

function decode(value: string, table: Int8Array): string {
  const out = open(value);
  const end = value.length;
  let length = 0;
  let bits = 0;
  let count = 0;
  for (let index = 0; index < end; index++) {
    const code = table[out[index]!]!;
    if (code === SKIP) continue;
    if (code === STOP) {
      index = lineEnd(out, index, end);
      if (index === end) break;
      continue;
    }
    bits = ((bits << 6) | code) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out[length++] = bits >> count;
  }
  return close(out, length, value);
}

/** Where the line ends that has nothing but blanks left; the value's end when there is more, or no other line. */
function lineEnd(bytes: Uint8Array, from: number, end: number): number {
  let index = from;
  while (byteAt(bytes, index, end) === 0x20) index++;
  const byte = byteAt(bytes, index, end);
  return byte === 0x0d || byte === 0x0a ? index : end;
}
