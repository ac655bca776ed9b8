// The record of what rules found in one exchange, cut and redacted already.

/** What rules found in one exchange: the record whose event is `waf`. */
export interface FindingRecord {
  readonly requestId: string;
  readonly site: string | undefined;
  readonly client: string;
  readonly method: string;
  /** Canonical; empty where there was none. */
  readonly path: string;
  readonly verdict: 'pass' | 'detect' | 'block';
  /** The rule that ended the exchange, or would have. */
  readonly by: number | undefined;
  readonly status: number;
  readonly score: { readonly inbound: number; readonly outbound: number };
  readonly threshold: { readonly inbound: number; readonly outbound: number };
  readonly rules: readonly RuleRecord[];
  /** What `logs.audit` asks for. */
  readonly request?: { readonly line: string; readonly headers?: readonly string[]; readonly body?: string };
  readonly response?: { readonly headers: readonly string[] };
}

export interface RuleRecord {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  readonly phase: number;
  readonly msg: string;
  readonly severity: string | undefined;
  readonly paranoia: number | undefined;
  readonly tags: readonly string[];
  readonly target: string;
  readonly value: string;
  readonly matched: string;
  readonly data: string;
  /** The value before the rule's transformations, and those. */
  readonly raw: string;
  readonly transforms: readonly string[];
  /** All fields that the rule matched, the last one among them; names are bytes, one char each. */
  readonly fields: readonly string[];
  /** What it added to the score. */
  readonly points: number;
}
