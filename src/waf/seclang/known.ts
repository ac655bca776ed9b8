// What the parser must be told, so that it never depends on the engine: which names exist, and which patterns compile.

import type { Faults } from './faults.ts';
import type { Span } from './span.ts';

/** A map or a set of lower-case names serves. */
export interface Names {
  has(name: string): boolean;
  keys(): Iterable<string>;
}

export interface Known {
  readonly operators: Names;
  readonly transforms: Names;
  /** Why a pattern cannot be used; undefined: it can. Absent: patterns are not checked here. */
  readonly checkPattern?: (pattern: string) => string | undefined;
}

/** What every reader of a piece of rule text is given. */
export interface Reading {
  readonly known: Known;
  readonly faults: Faults;
  /** The data files that an operator's argument names, as their lines; undefined: faults were noted. */
  readonly readLines: (names: Span) => readonly string[] | undefined;
}

/** Whether the engine can run a pattern; when it cannot, the fault is noted. */
export function isUsablePattern(pattern: string, at: Span, { known, faults }: Reading): boolean {
  const fault = known.checkPattern?.(pattern);
  if (fault !== undefined) faults.add(at, 'not-available', `this pattern cannot be used: ${fault}`);
  return fault === undefined;
}
