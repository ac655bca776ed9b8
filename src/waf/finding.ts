// What rules found and decided: all that a record, a page or a command can learn from a transaction.
import type { Rule } from './rule.ts';

/** A rule that matched and is worth a line. Texts are cut by whoever prints them. */
export interface Finding {
  readonly rule: Rule;
  /** `ARGS:id`: the last value that matched, which is the one the message speaks of. */
  readonly target: string;
  /** As the operator saw it, transformed. */
  readonly value: string;
  /** The part that matched. */
  readonly matched: string;
  /** The value as it came. */
  readonly raw: string;
  /** All that the same condition matched, `ARGS:a`, `ARGS:b`: what an exception has to name. Cut at some number. */
  readonly fields: readonly string[];
  /** What the rule added to the scores. */
  readonly points: number;
  /** With macros filled in; empty when the rule has none. */
  readonly msg: string;
  readonly data: string;
}

/** A disruptive action that fired. */
export interface Intervention {
  readonly action: 'deny' | 'drop' | 'redirect';
  readonly status: number;
  readonly location: string | undefined;
  readonly rule: Rule;
}

export interface Score {
  readonly inbound: number;
  readonly outbound: number;
}

/** What remains of a transaction when its exchange is over. */
export interface Outcome {
  readonly findings: readonly Finding[];
  /** What was done; undefined: it went through. */
  readonly intervention: Intervention | undefined;
  /** What would have been done, in detection mode. */
  readonly suppressed: Intervention | undefined;
  readonly score: Score;
  readonly threshold: Score;
  readonly auditLog: boolean;
  /** Numbers of the exceptions without which a rule would have matched. */
  readonly exceptionsUsed: ReadonlySet<number> | undefined;
}
