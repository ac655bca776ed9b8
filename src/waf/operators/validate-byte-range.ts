// validateByteRange: matches values that hold a byte outside the ranges.
import { firstOf } from '../transforms/bytes.ts';
import { type Operator, OperatorError } from './operator.ts';

/**
 * Bytes and ranges with commas between them, `32-126,128-255`; the span is the first byte outside (ModSecurity
 * reference manual, validateByteRange).
 */
export const validateByteRange: Operator = {
  name: 'validatebyterange',
  macros: false,
  compile({ argument }) {
    const outside = new Uint8Array(256).fill(1);
    for (const part of argument.split(',')) allow(outside, part.trim());
    return (value) => {
      const start = firstOf(value, outside);
      return start === -1 ? false : { start, end: start + 1 };
    };
  },
};

function allow(outside: Uint8Array, part: string): void {
  const [, from, to = from] = /^(\d{1,3})(?:\s*-\s*(\d{1,3}))?$/.exec(part) ?? [];
  if (from === undefined) throw new OperatorError(`"${part}" is neither a byte from 0 to 255 nor a range of them`);
  const first = Number(from);
  const last = Number(to);
  if (last > 255 || first > 255) throw new OperatorError(`"${part}" goes beyond 255`);
  if (first > last) throw new OperatorError(`"${part}" ends before it begins`);
  outside.fill(0, first, last + 1);
}
