// What the operator means by `waf`: which rules look at what, and where they do not apply.

export interface WafConfig {
  readonly mode: 'block' | 'detect';
  /** In order. */
  readonly rules: readonly RuleSource[];
  readonly paranoia: number;
  readonly detectionParanoia: number;
  readonly threshold: { readonly inbound: number; readonly outbound: number };
  readonly body: {
    readonly inspectBytes: number;
    readonly over: 'block' | 'inspect-prefix';
    /** Levels of JSON and XML. */
    readonly depth: number;
    readonly arguments: number;
  };
  readonly response: boolean;
  /** Lower case; `*` for any part. */
  readonly responseTypes: readonly string[];
  /** Working time of the rules for one request. */
  readonly budgetMs: number;
  readonly onError: 'block' | 'pass';
  /** The site's, then the route's own. */
  readonly exceptions: readonly ExceptionConfig[];
  readonly shadow: ShadowConfig | undefined;
}

/** A place in a file that the operator wrote; line and column from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Rules that do not apply somewhere. */
export interface ExceptionConfig {
  readonly rules: readonly RuleReference[];
  /** Empty: the whole request. */
  readonly fields: readonly FieldPath[];
  /** As in `RouteMatch`. */
  readonly path: readonly string[] | undefined;
  readonly method: readonly string[] | undefined;
  readonly reason: string | undefined;
  /** The last day (UTC) on which it holds, `2027-03-01`. */
  readonly expires: string | undefined;
  readonly place: Place;
}

/** Rules by number, both ends included, or by a tag. */
export type RuleReference = { readonly from: number; readonly to: number } | { readonly tag: string };

/** A part of a request or an answer that rules look at, as operators name it: `args.comment`, `json./user/name`. */
export interface FieldPath {
  /** `args`, `headers`, `files.name`; or a variable of SecLang in capitals. */
  readonly area: string;
  /** Which of its members; `*` stands for any characters. undefined: all of them. */
  readonly name: string | undefined;
}

/** A rule set that is scored beside and never acts. */
export interface ShadowConfig {
  readonly rules: readonly RuleSource[];
  /** The share of requests, 0 to 1. */
  readonly sample: number;
  readonly paranoia: number;
  readonly detectionParanoia: number;
  readonly threshold: { readonly inbound: number; readonly outbound: number };
  readonly place: Place;
}

/** Rule files: Gatehouse's own, a name or glob, or a folder of the OWASP Core Rule Set. Paths are absolute. */
export type RuleSource = { readonly core: true } | { readonly files: string } | { readonly crs: string };
