// parityEven7bit, parityOdd7bit and parityZero7bit: the eighth bit of each byte becomes the parity of the other seven.
import { close, open } from './scratch.ts';
import { byteRange, type Transform } from './transform.ts';

/** Eight bits with an even number of ones (ModSecurity reference manual, parityEven7bit). */
export const parityEven7bit: Transform = parity('parityeven7bit', (byte) => (isOdd(byte) ? byte | 0x80 : byte & 0x7f));

/** Eight bits with an odd number of ones (ModSecurity reference manual, parityOdd7bit). */
export const parityOdd7bit: Transform = parity('parityodd7bit', (byte) => (isOdd(byte) ? byte & 0x7f : byte | 0x80));

/** Seven bits (ModSecurity reference manual, parityZero7bit). */
export const parityZero7bit: Transform = parity('parityzero7bit', (byte) => byte & 0x7f);

function parity(name: string, change: (byte: number) => number): Transform {
  const map = Uint8Array.from({ length: 256 }, (_, byte) => change(byte));
  const triggers = byteRange(0, 255).filter((byte) => map[byte] !== byte);
  return {
    name,
    triggers,
    adds: triggers.map((byte) => map[byte]!),
    apply(value) {
      const out = open(value);
      for (let index = 0; index < value.length; index++) out[index] = map[out[index]!]!;
      return close(out, value.length, value);
    },
  };
}

/** Whether all eight bits hold an odd number of ones. */
function isOdd(byte: number): boolean {
  let ones = 0;
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
  return ones % 2 === 1;
}
