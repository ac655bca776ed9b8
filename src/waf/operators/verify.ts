// verifyCC, verifySSN, verifyCPF and verifySVNR: a pattern finds candidates, arithmetic says which of them are real.
import { candidatesOf } from './candidates.ts';
import { type Operator, OperatorError } from './operator.ts';

/** No number is longer, however it is written; a longer match is not looked at, which keeps the work linear. */
const LONGEST_BYTES = 256;

/** Card numbers, by Luhn's sum (ISO/IEC 7812-1, annex B; ModSecurity reference manual, verifyCC). */
export const verifyCc: Operator = verification('verifycc', isCard);

/** Social security numbers of the USA (ModSecurity reference manual, verifySSN). */
export const verifySsn: Operator = verification('verifyssn', isSocialSecurityNumber);

/** Taxpayers' numbers of Brazil (ModSecurity reference manual, verifyCPF). */
export const verifyCpf: Operator = verification('verifycpf', isTaxpayerNumber);

/** Social insurance numbers of Austria (ModSecurity reference manual, verifySVNR). */
export const verifySvnr: Operator = verification('verifysvnr', isInsuranceNumber);

function verification(name: string, isReal: (digits: readonly number[]) => boolean): Operator {
  return {
    name,
    macros: false,
    compile({ argument }) {
      if (argument === '') throw new OperatorError('it needs a pattern that finds the numbers');
      const candidates = candidatesOf(argument);
      return (value) => {
        for (const span of candidates(value)) {
          if (span.end - span.start <= LONGEST_BYTES && isReal(digitsOf(value, span.start, span.end))) return span;
        }
        return false;
      };
    },
  };
}

function digitsOf(value: string, start: number, end: number): readonly number[] {
  const digits: number[] = [];
  for (let index = start; index < end; index++) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit >= 0 && digit <= 9) digits.push(digit);
  }
  return digits;
}

function isCard(digits: readonly number[]): boolean {
  const sum = digits.reduce((total, digit, index) => {
    const doubled = (digits.length - index) % 2 === 0;
    return total + (doubled ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit);
  }, 0);
  return digits.length > 0 && sum % 10 === 0;
}

function isSocialSecurityNumber(digits: readonly number[]): boolean {
  if (digits.length !== 9) return false;
  if (isRun(digits, 1) || isRun(digits, 0)) return false;
  const area = numberOf(digits.slice(0, 3));
  return area > 0 && area < 740 && area !== 666 && numberOf(digits.slice(3, 5)) > 0 && numberOf(digits.slice(5)) > 0;
}

function isTaxpayerNumber(found: readonly number[]): boolean {
  if (found.length < 11) return false;
  const digits = found.slice(0, 11);
  if (isRun(digits, 0) || digits.join('') === '01234567890') return false;
  return checkDigit(digits.slice(0, 9)) === digits[9] && checkDigit(digits.slice(0, 10)) === digits[10];
}

/** Weights fall to 2 at the last digit. */
function checkDigit(digits: readonly number[]): number {
  const rest = digits.reduce((sum, digit, index) => sum + digit * (digits.length + 1 - index), 0) % 11;
  return rest < 2 ? 0 : 11 - rest;
}

/** The fourth digit is the check digit and has no weight. */
const INSURANCE_WEIGHTS = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6];

function isInsuranceNumber(found: readonly number[]): boolean {
  if (found.length < INSURANCE_WEIGHTS.length) return false;
  const digits = found.slice(0, INSURANCE_WEIGHTS.length);
  if (isRun(digits, 0) || ['0123456789', '1234567890'].includes(digits.join(''))) return false;
  const rest = INSURANCE_WEIGHTS.reduce((sum, weight, index) => sum + weight * digits[index]!, 0) % 11;
  return (rest === 10 ? 0 : rest) === digits[3];
}

/** Whether each digit is the one before it plus `step`. */
function isRun(digits: readonly number[], step: number): boolean {
  return digits.every((digit, index) => index === 0 || digit === digits[index - 1]! + step);
}

function numberOf(digits: readonly number[]): number {
  return Number(digits.join(''));
}
