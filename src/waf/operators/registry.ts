// The operators that test a value by other means than a pattern, a word list or libinjection, by name.
import { eq, ge, gt, le, lt } from './compare.ts';
import { noMatch, unconditionalMatch } from './constant.ts';
import { contains, containsWord, strmatch } from './contains.ts';
import { beginsWith, endsWith, streq } from './equality.ts';
import { ipMatch, ipMatchFromFile } from './ip-match.ts';
import { lengthWithin } from './length.ts';
import { looks } from './looks.ts';
import type { Operator } from './operator.ts';
import { validateByteRange } from './validate-byte-range.ts';
import { validateUrlEncoding } from './validate-url-encoding.ts';
import { validateUtf8Encoding } from './validate-utf8-encoding.ts';
import { verifyCc, verifyCpf, verifySsn, verifySvnr } from './verify.ts';
import { within } from './within.ts';

export { type Matches, type Operator, OperatorError, type OperatorInput, type Span, type Test } from './operator.ts';

const OPERATORS: readonly Operator[] = [
  beginsWith,
  contains,
  containsWord,
  endsWith,
  eq,
  ge,
  gt,
  ipMatch,
  ipMatchFromFile,
  le,
  lengthWithin,
  looks,
  lt,
  noMatch,
  streq,
  strmatch,
  unconditionalMatch,
  validateByteRange,
  validateUrlEncoding,
  validateUtf8Encoding,
  verifyCc,
  verifyCpf,
  verifySsn,
  verifySvnr,
  within,
];

const BY_NAME: ReadonlyMap<string, Operator> = new Map([
  ...OPERATORS.map((operator): [string, Operator] => [operator.name, operator]),
  ['ipmatchf', ipMatchFromFile],
]);

/** The operator of a name in any case, without `@`; undefined: it is not among these. */
export function operator(name: string): Operator | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/** All names that `operator` takes, for a suggestion when one is unknown. */
export function operatorNames(): readonly string[] {
  return [...BY_NAME.keys()];
}
