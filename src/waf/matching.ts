// What a compiled operator can be asked, by the scan and by the ordered step.
import type { Pattern } from './pattern/pattern.ts';
import type { StepAllowance } from './pattern/submatch.ts';
import type { Transaction } from './transaction.ts';

export interface PatternForm {
  readonly kind: 'pattern';
  readonly pattern: Pattern;
  readonly text: string;
}

/** What the scan may use in place of the test itself. */
export type ScanForm =
  | PatternForm
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | {
      readonly kind: 'test';
      readonly test: (value: string) => boolean;
      /** Bytes of which a value needs one to pass; undefined: none is needed. */
      readonly triggers?: readonly number[];
    };

/** Several of which one must say yes: at most one of them is a test. */
export interface AnyForm {
  readonly kind: 'any';
  readonly forms: readonly ScanForm[];
}

/** The matched part, then the groups; undefined for a group that took no part. */
export type Parts = readonly (string | undefined)[];

export interface Matcher {
  readonly negated: boolean;
  /** Whether the operator, negation worked in, holds for the value. */
  holds(value: string, tx: Transaction): boolean;
  /**
   * The matched part, then the groups, when `holds` has just said yes; the whole value when nothing is known. With few
   * steps left a long match is cut.
   */
  parts(value: string, tx: Transaction, left: StepAllowance): Parts;
  /** undefined: the answer depends on more than the value. */
  readonly scan: ScanForm | AnyForm | undefined;
  /** Holds where this is found, and nowhere else. */
  readonly pattern?: PatternForm;
}
