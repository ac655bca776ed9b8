// noMatch and unconditionalMatch: the argument means nothing.
import type { Operator } from './operator.ts';

/** Never matches (ModSecurity reference manual, noMatch). */
export const noMatch: Operator = { name: 'nomatch', macros: false, compile: () => () => false };

/** Always matches (ModSecurity reference manual, unconditionalMatch). */
export const unconditionalMatch: Operator = {
  name: 'unconditionalmatch',
  macros: false,
  compile: () => () => true,
};
