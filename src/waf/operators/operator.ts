// What an operator is: a name and a compiler from its argument to a test of one value. A test never throws, and its time
// is linear in the value.

export interface OperatorInput {
  /** Without macros: the engine has expanded them. */
  readonly argument: string;
  /** What the file holds that the argument names, one entry a line. */
  readonly lines?: readonly string[];
}

/** A part of a value, by offsets; `end` is behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a pattern finds in a value: for each offset the first match at or behind it, in order, each one once. */
export type Matches = (value: string) => Iterable<Span>;

/** A test of one value; a span is what the log shows as the matched part, when it is less than the value. */
export type Test = (value: string) => boolean | Span;

export interface Operator {
  /** Lower case. */
  readonly name: string;
  /**
   * Throws an OperatorError, or a PatternError, when the argument is wrong. Called at load, or per exchange when the
   * argument holds a macro.
   */
  readonly compile: (input: OperatorInput) => Test;
  /** false: the argument must not hold macros. */
  readonly macros: boolean;
}

/** An argument that the operator cannot work with; the message says why, in words for whoever wrote the rule. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
