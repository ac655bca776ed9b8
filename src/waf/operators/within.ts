// within: the value anywhere in the argument.
import { indexOf } from './occurrences.ts';
import type { Operator } from './operator.ts';

/** Whether the argument holds the value; the empty one it always holds (ModSecurity reference manual, within). */
export const within: Operator = {
  name: 'within',
  macros: true,
  compile:
    ({ argument }) =>
    (value) =>
      value.length <= argument.length && indexOf(value)(argument) !== -1,
};
