// contains, strmatch and containsWord: the argument anywhere in the value, upper and lower case being different.
import { indexOf, searchFor } from './occurrences.ts';
import type { Operator, OperatorInput, Test } from './operator.ts';

/** Whether the value holds the argument; the empty one it always holds (ModSecurity reference manual, contains). */
export const contains: Operator = { name: 'contains', macros: true, compile: compileContains };

/** The same under another name (ModSecurity reference manual, strmatch). */
export const strmatch: Operator = { name: 'strmatch', macros: true, compile: compileContains };

/** As contains, with no letter of ASCII beside it: digits and `_` do not belong to a word (ModSecurity v3, containsWord). */
export const containsWord: Operator = {
  name: 'containsword',
  macros: true,
  compile({ argument }) {
    if (argument === '') return () => true;
    const search = searchFor(argument);
    return (value) => {
      const start = search(value, (at) => !isLetter(value, at - 1) && !isLetter(value, at + argument.length));
      return start !== -1 && { start, end: start + argument.length };
    };
  },
};

function compileContains({ argument }: OperatorInput): Test {
  const find = indexOf(argument);
  return (value) => {
    const start = find(value);
    return start !== -1 && { start, end: start + argument.length };
  };
}

function isLetter(value: string, index: number): boolean {
  const byte = value.charCodeAt(index) | 0x20;
  return byte >= 0x61 && byte <= 0x7a;
}
