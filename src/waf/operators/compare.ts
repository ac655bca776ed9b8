// eq, ge, gt, le and lt: numbers as C reads them, so that every value is one.
import type { Operator } from './operator.ts';

/** Whether the value's number equals the argument's (ModSecurity reference manual, eq). */
export const eq: Operator = comparison('eq', (value, argument) => value === argument);

/** Whether it is at least the argument's (ModSecurity reference manual, ge). */
export const ge: Operator = comparison('ge', (value, argument) => value >= argument);

/** Whether it is more than the argument's (ModSecurity reference manual, gt). */
export const gt: Operator = comparison('gt', (value, argument) => value > argument);

/** Whether it is at most the argument's (ModSecurity reference manual, le). */
export const le: Operator = comparison('le', (value, argument) => value <= argument);

/** Whether it is less than the argument's (ModSecurity reference manual, lt). */
export const lt: Operator = comparison('lt', (value, argument) => value < argument);

type Integer = number | bigint;

function comparison(name: string, holds: (value: Integer, argument: Integer) => boolean): Operator {
  return {
    name,
    macros: true,
    compile({ argument }) {
      const number = parseInteger(argument);
      return (value) => holds(parseInteger(value), number);
    },
  };
}

const PLAIN = /^\d+$/;
const NUMBER = /^[\t-\r ]*([+-]?)0*(\d*)/;
const LARGEST = 2n ** 63n - 1n;
const LEAST = -(2n ** 63n);
const SAFE_DIGITS = 15;
const MOST_DIGITS = 19;

/**
 * The whole number that a text begins with, as C's strtoll reads it: blanks, a sign, decimal digits; 0 when there is
 * none, and the nearest number of 64 bits when it has more. A bigint only when a double would not be exact.
 */
export function parseInteger(text: string): number | bigint {
  // Nearly all are short and plain.
  if (text.length <= 4 && PLAIN.test(text)) return Number(text);
  const [, sign, digits = ''] = NUMBER.exec(text) ?? [];
  const negative = sign === '-';
  if (digits.length <= SAFE_DIGITS) return negative ? 0 - Number(digits) : Number(digits);
  if (digits.length > MOST_DIGITS) return negative ? LEAST : LARGEST;
  const number = negative ? -BigInt(digits) : BigInt(digits);
  return number > LARGEST ? LARGEST : number < LEAST ? LEAST : number;
}
