// What a look over rules and exceptions finds.

export interface LintFinding {
  /** Stable, kebab-case. */
  readonly code: string;
  /** warning: something is not as somebody meant it. note: worth knowing. */
  readonly level: 'warning' | 'note';
  readonly file: string;
  /** From 1; 0: the file as a whole. */
  readonly line: number;
  readonly message: string;
  /** Of a pattern: a value on which other engines take very long. */
  readonly witness?: string;
}
