// streq, beginsWith and endsWith: the argument as the value or as one end of it, upper and lower case being different.
import type { Operator } from './operator.ts';

/** Whether the value is the argument (ModSecurity reference manual, streq). */
export const streq: Operator = {
  name: 'streq',
  macros: true,
  compile:
    ({ argument }) =>
    (value) =>
      value === argument,
};

/** Whether the value begins with the argument (ModSecurity reference manual, beginsWith). */
export const beginsWith: Operator = {
  name: 'beginswith',
  macros: true,
  compile:
    ({ argument }) =>
    (value) =>
      value.startsWith(argument) && { start: 0, end: argument.length },
};

/** Whether the value ends with the argument (ModSecurity reference manual, endsWith). */
export const endsWith: Operator = {
  name: 'endswith',
  macros: true,
  compile:
    ({ argument }) =>
    (value) =>
      value.endsWith(argument) && { start: value.length - argument.length, end: value.length },
};
