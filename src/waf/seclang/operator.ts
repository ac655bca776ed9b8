// What a rule does with a value: `!@rx ^a`, `@pmFromFile words.data`, or a bare pattern.

import { didYouMean } from '../../config/suggest.ts';
import type { OperatorCall } from '../rule.ts';
import type { Reading } from './known.ts';
import { isUsablePattern } from './known.ts';
import { refusedOperators, remedy } from './refused.ts';
import type { Span } from './span.ts';
import { isBlank, lowerCase, part, trimmed } from './span.ts';

/** The operator of a rule without a condition. */
export const always: OperatorCall = { name: 'unconditionalmatch', negated: false, argument: '' };

/** Operators whose argument names files. */
const readsFiles: ReadonlySet<string> = new Set(['pmfromfile', 'pmf', 'ipmatchfromfile', 'ipmatchf']);
/** Operators whose argument is a pattern. */
const takesPattern: ReadonlySet<string> = new Set(['rx', 'rxglobal']);

/** Reads an operator; without `@` it is a pattern (`rx`). undefined: it cannot be used, and the fault is noted. */
export function readOperator(written: Span, reading: Reading): OperatorCall | undefined {
  const negated = written.text.startsWith('!');
  const rest = negated ? part(written, skipBlanks(written.text, 1)) : written;
  const isNamed = rest.text.startsWith('@');
  const nameEnd = isNamed ? endOfName(rest.text) : 0;
  const name = isNamed ? lowerCase(rest.text.slice(1, nameEnd)) : 'rx';
  const argument = isNamed ? part(rest, skipBlanks(rest.text, nameEnd)) : rest;
  if (!reading.known.operators.has(name)) {
    addUnknown(part(rest, 0, nameEnd), reading);
    return undefined;
  }
  if (takesPattern.has(name) && !argument.text.includes('%{')) isUsablePattern(argument.text, argument, reading);
  if (!readsFiles.has(name)) return { name, negated, argument: argument.text };
  const lines = reading.readLines(trimmed(argument));
  return lines === undefined ? undefined : { name, negated, argument: argument.text, lines };
}

function addUnknown(written: Span, { faults, known }: Reading): void {
  const name = lowerCase(written.text.slice(1));
  const reason = Object.hasOwn(refusedOperators, name) ? refusedOperators[name] : undefined;
  if (reason !== undefined)
    faults.add(written, 'not-available', `${written.text} is not available: ${reason}; ${remedy}`);
  else {
    const suggestion = didYouMean(name, known.operators.keys());
    faults.add(written, 'unknown-operator', `there is no operator ${written.text}${suggestion}`);
  }
}

function endOfName(text: string): number {
  let at = 0;
  while (at < text.length && !isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}
