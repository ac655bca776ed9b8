// utf8toUnicode: makes multi-byte characters visible to rules that think in %uHHHH. At most four times as long.
import { firstOf, flagsOf } from './bytes.ts';
import { close, openWide } from './scratch.ts';
import { byteRange, bytesOf, type Transform } from './transform.ts';

const TRIGGERS = [0, ...byteRange(0xc0, 0xf7)];
const FLAGS = flagsOf(TRIGGERS);
const DIGITS = bytesOf('0123456789abcdef');
const MOST_GROWTH = 4;

/** The least character that a sequence of this length may stand for; below it the sequence is overlong (RFC 3629, 3). */
const LEAST = [0, 0, 0x80, 0x800, 0x10000];

/**
 * A sequence of two to four bytes to `%u` and at least four digits (ModSecurity reference manual, utf8toUnicode). As in
 * ModSecurity, NUL and a lead byte without its followers go, and the lead byte of an overlong sequence or of a surrogate
 * is added behind it.
 */
export const utf8ToUnicode: Transform = {
  name: 'utf8tounicode',
  lengthens: true,
  triggers: TRIGGERS,
  adds: bytesOf('%u0123456789abcdef'),
  apply(value) {
    if (firstOf(value, FLAGS) === -1) return value;
    const out = openWide(value, MOST_GROWTH);
    const end = MOST_GROWTH * value.length;
    let length = 0;
    for (let index = end - value.length; index < end; ) {
      const byte = out[index]!;
      if (FLAGS[byte] === 0) {
        out[length++] = byte;
        index++;
        continue;
      }
      const size = sequenceLength(out, index, end);
      const code = decodeSequence(out, index, size);
      // Beyond the last character of Unicode: kept, whatever follows.
      if (byte >= 0xf5) out[length++] = byte;
      if (size === 0) {
        index++;
        continue;
      }
      length = writeUnit(out, length, code);
      if (code < LEAST[size]! || (code >= 0xd800 && code <= 0xdfff)) out[length++] = byte;
      index += size;
    }
    return close(out, length, value);
  },
};

/** How many bytes the sequence has that this lead byte begins; 0: its followers are missing, or it is NUL. */
function sequenceLength(bytes: Uint8Array, index: number, end: number): number {
  const lead = bytes[index]!;
  if (lead === 0) return 0;
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (index + size > end) return 0;
  for (let offset = 1; offset < size; offset++) if ((bytes[index + offset]! & 0xc0) !== 0x80) return 0;
  return size;
}

function decodeSequence(bytes: Uint8Array, index: number, size: number): number {
  let code = bytes[index]! & (0x7f >> size);
  for (let offset = 1; offset < size; offset++) code = (code << 6) | (bytes[index + offset]! & 0x3f);
  return code;
}

function writeUnit(out: Uint8Array, from: number, code: number): number {
  let length = from;
  out[length++] = 0x25;
  out[length++] = 0x75;
  const digits = code < 0x10000 ? 4 : code < 0x100000 ? 5 : 6;
  for (let shift = 4 * (digits - 1); shift >= 0; shift -= 4) out[length++] = DIGITS[(code >> shift) & 15]!;
  return length;
}
