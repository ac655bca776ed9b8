// What one exchange is spared: rules that are not run for it, and what some rules no longer look at.

/** `ctl:ruleRemoveTarget…`: what some rules no longer look at. */
export interface RemovedTarget {
  /** By step: 1 for the rules that it is taken from. */
  readonly steps: Uint8Array;
  readonly variable: number;
  /** undefined: the whole collection. */
  readonly selects: ((key: string) => boolean) | undefined;
  /** The number of the exception that says so; undefined: a rule did. */
  readonly exception?: number;
}

/** What one exchange is spared. Shared by all exchanges for which the same exceptions hold. */
export interface Exemption {
  /** By step: the number of the exception that takes the rule away, from 1; 0: none does. undefined: no rule is. */
  readonly rules: Uint16Array | undefined;
  readonly targets: readonly RemovedTarget[];
}
