// A compiled rule: what a plan runs one after another.
import type { Run } from './effects.ts';
import type { Template } from './macro.ts';
import type { Matcher } from './matching.ts';
import type { Rule } from './rule.ts';
import type { CompiledTarget } from './target.ts';
import type { Transaction } from './transaction.ts';
import type { Transform } from './transforms/registry.ts';

export interface CompiledLink {
  /** Empty: an action without condition. */
  readonly targets: readonly CompiledTarget[];
  readonly matcher: Matcher;
  /** What excuses a value, before and after its transformations. */
  readonly unless: Matcher | undefined;
  readonly transforms: readonly Transform[];
  readonly multiMatch: boolean;
  readonly capture: boolean;
  /** What it catches decides something. */
  readonly isDecisive: boolean;
  /** What matched need not be known before all values were tried. */
  readonly catchesLate: boolean;
  /** False: the link cannot match, found out without reading values. */
  readonly precheck: ((tx: Transaction) => boolean) | undefined;
  readonly effects: readonly Run[];
  readonly msg: Template | undefined;
  readonly logdata: Template | undefined;
}

export interface Step {
  /** Its place among the steps of all phases. */
  readonly number: number;
  readonly rule: Rule;
  readonly links: readonly CompiledLink[];
  /** The link whose values are scanned: the rule runs only when the scan named it. undefined: it always runs. */
  readonly scanned: number | undefined;
  /** Whether a match is worth a line. */
  readonly logs: boolean;
  /** The step to go on with after a match. */
  readonly next: number;
}
