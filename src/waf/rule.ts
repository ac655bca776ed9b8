// One rule as every notation writes it down: plain data, checked and complete, with nothing of an engine in it.
// SecLang and the native notation both end here, and the compiler begins here.

/** 1 request headers, 2 request body, 3 response headers, 4 response body, 5 after the exchange. */
export type Phase = 1 | 2 | 3 | 4 | 5;

/** Where a rule stands, as it is printed: the file as it was named, the line from 1. */
export interface Source {
  readonly file: string;
  readonly line: number;
}

/** Which members of a collection: one name (lower case), or all whose name a pattern finds. */
export type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'pattern'; readonly pattern: string };

/** What an operator looks at: `ARGS`, `ARGS:id`, `ARGS:/^id/`, `&ARGS:id` (how many there are). */
export interface Target {
  /** A name of `variables.ts`, upper case: `REQUEST_HEADERS`, `TX`. */
  readonly variable: string;
  /** Absent: the whole collection, or a variable that is not one. */
  readonly selector?: Selector;
  /** `&`: the number of members and not their values. */
  readonly count: boolean;
}

/** `!ARGS:password`: what is taken out again. */
export interface Exclusion {
  readonly variable: string;
  readonly selector?: Selector;
}

export interface OperatorCall {
  /** Lower case without `@`: `rx`, `pmfromfile`. */
  readonly name: string;
  readonly negated: boolean;
  /** As written, macros not expanded. */
  readonly argument: string;
  /** What the files that the argument names hold, one entry a line, comments and blank lines left out. */
  readonly lines?: readonly string[];
  /** Of `all` and `any`, which only native rules have: what is joined. */
  readonly calls?: readonly OperatorCall[];
}

/** Collections that rules can write: TX lives as long as the exchange, the others are kept and expire. */
export type WritableCollection = 'tx' | 'ip' | 'global' | 'session' | 'user' | 'resource';

export interface IdRange {
  readonly from: number;
  readonly to: number;
}

/** Which rules a removal names. Tags and messages are patterns, looked for anywhere in the text. */
export type RuleSelector =
  | { readonly by: 'id'; readonly ranges: readonly IdRange[] }
  | { readonly by: 'tag'; readonly pattern: string }
  | { readonly by: 'msg'; readonly pattern: string };

export type BodyProcessor = 'URLENCODED' | 'MULTIPART' | 'JSON' | 'XML';

export type EngineMode = 'on' | 'off' | 'detectionOnly';

/** What `ctl` changes for the rest of one exchange. */
export type Control =
  | { readonly option: 'ruleEngine'; readonly value: EngineMode }
  | { readonly option: 'auditEngine'; readonly value: 'on' | 'off' | 'relevantOnly' }
  | { readonly option: 'auditLogParts'; readonly change: 'add' | 'remove' | 'set'; readonly parts: string }
  | {
      readonly option: 'requestBodyAccess' | 'responseBodyAccess' | 'forceRequestBodyVariable';
      readonly value: boolean;
    }
  | { readonly option: 'requestBodyProcessor'; readonly value: BodyProcessor }
  | { readonly option: 'ruleRemove'; readonly rules: RuleSelector }
  | { readonly option: 'ruleRemoveTarget'; readonly rules: RuleSelector; readonly target: Exclusion };

/** What a link does once it matched. Texts may hold macros, `%{tx.0}`. */
export type Effect =
  | {
      readonly kind: 'setvar';
      readonly collection: WritableCollection;
      readonly name: string;
      readonly change: 'set' | 'add' | 'subtract' | 'unset';
      readonly value: string;
    }
  | {
      readonly kind: 'expirevar';
      readonly collection: WritableCollection;
      readonly name: string;
      readonly seconds: string;
    }
  | { readonly kind: 'initcol'; readonly collection: WritableCollection; readonly key: string }
  | { readonly kind: 'setenv'; readonly name: string; readonly value: string }
  | { readonly kind: 'ctl'; readonly control: Control };

/** One condition: a rule has one, a chain several, and all must hold. */
export interface Link {
  readonly source: Source;
  /** Empty for an action without condition (`SecAction`). */
  readonly targets: readonly Target[];
  readonly exclusions: readonly Exclusion[];
  readonly operator: OperatorCall;
  /** A value of which this holds, before or after its transformations, does not match. Native rules only. */
  readonly unless?: OperatorCall;
  /** Names of `transforms/`, lower case, in order; `none` and the defaults are already worked in. */
  readonly transforms: readonly string[];
  /** The operator is tried on the value before and after each transformation. */
  readonly multiMatch: boolean;
  /** What the groups of a pattern caught goes to TX.0 to TX.9. */
  readonly capture: boolean;
  readonly effects: readonly Effect[];
  readonly msg?: string;
  readonly logdata?: string;
}

/** What happens to the exchange when the whole rule matched; `block` is already the phase's default. */
export type Disruptive =
  | { readonly action: 'pass' }
  | { readonly action: 'deny'; readonly status: number }
  | { readonly action: 'drop' }
  | { readonly action: 'redirect'; readonly status: number; readonly location: string }
  | { readonly action: 'allow'; readonly scope: 'all' | 'phase' | 'request' };

/** What a rule that is only tried out would add, if it acted. */
export interface Trial {
  readonly side: 'inbound' | 'outbound';
  readonly points: number;
  /** The level from which on its points would count. */
  readonly paranoia: number;
}

export interface Rule {
  readonly kind: 'rule';
  /** 0: a rule without an id. */
  readonly id: number;
  readonly phase: Phase;
  readonly source: Source;
  readonly links: readonly Link[];
  readonly disruptive: Disruptive;
  /** Whether a match is worth a line; `noauditlog` does not hide the line, it only takes away the parts. */
  readonly log: boolean;
  readonly auditLog: boolean;
  /** EMERGENCY 0 to DEBUG 7. */
  readonly severity?: number;
  readonly tags: readonly string[];
  readonly ver?: string;
  readonly rev?: string;
  readonly maturity?: number;
  readonly accuracy?: number;
  /** How many of the following rules are left out after a match. */
  readonly skip: number;
  /** The marker behind which evaluation goes on after a match. */
  readonly skipAfter?: string;
  /** It adds nothing to a score. Native rules of `mode: shadow` only. */
  readonly trial?: Trial;
}

/** `SecMarker`: a place to jump to, in every phase. */
export interface Marker {
  readonly kind: 'marker';
  readonly name: string;
  readonly source: Source;
}

/** What a rule file says about the engine itself; absent: it says nothing. */
export interface EngineSettings {
  readonly ruleEngine?: EngineMode;
  readonly requestBodyAccess?: boolean;
  readonly requestBodyLimitBytes?: number;
  readonly requestBodyNoFilesLimitBytes?: number;
  readonly requestBodyLimitAction?: 'reject' | 'processPartial';
  readonly jsonDepthLimit?: number;
  readonly argumentsLimit?: number;
  readonly responseBodyAccess?: boolean;
  readonly responseBodyLimitBytes?: number;
  readonly responseBodyLimitAction?: 'reject' | 'processPartial';
  readonly responseBodyMimeTypes?: readonly string[];
  readonly argumentSeparator?: string;
  readonly auditEngine?: 'on' | 'off' | 'relevantOnly';
  readonly auditLogParts?: string;
  /** After how many seconds without a change a member of a persistent collection is forgotten. */
  readonly collectionTimeoutS?: number;
  readonly webAppId?: string;
}

/** All that was loaded, in order, with every removal and update of rule files already applied. */
export interface RuleSet {
  readonly items: readonly (Rule | Marker)[];
  readonly settings: EngineSettings;
  /** `SecComponentSignature`: names and versions of what is loaded. */
  readonly components: readonly string[];
}

/** What a rule file said of other rules, worked in already: `SecRuleRemoveBy…`, or with exclusions `SecRuleUpdateTargetBy…`. */
export interface RuleRemoval {
  readonly source: Source;
  readonly rules: RuleSelector;
  /** Empty: the whole rule. */
  readonly exclusions: readonly Exclusion[];
  /** How many rules it meant. */
  readonly count: number;
}
