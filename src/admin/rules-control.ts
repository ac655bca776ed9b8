// What an operator can ask of the rules of a running gateway, and tell them. A dashboard asks the same.
import type { ShadowFigures } from '../gateway/shadow.ts';
import type { Written } from '../tuning/except.ts';
import type { Explanation } from '../tuning/explanation.ts';

/** What lies in other processes has to be asked for. */
export type Maybe<T> = T | Promise<T>;

export interface RulesControl {
  /** The recent findings, the newest last. */
  findings(): Maybe<readonly FindingSummary[]>;
  /** null: there is no recent finding of that id. */
  explain(requestId: string): Maybe<Explanation | null>;
  /** Those of the configuration, with what they did since the start. */
  exceptions(): Maybe<readonly ExceptionFigures[]>;
  /** What rules that are scored beside would have done. */
  shadows(): Maybe<readonly ShadowReport[]>;
  /** Writes a proposal into the configuration file; null: there is no such finding or proposal. Fails with a GatehouseError. */
  except(wish: ExceptWish): Maybe<Written | null>;
}

export interface FindingSummary {
  readonly requestId: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly site: string | undefined;
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly verdict: 'pass' | 'detect' | 'block';
  readonly score: number;
  /** Of those that scored, or stopped the request by themselves. */
  readonly rules: readonly number[];
}

export interface ExceptionFigures {
  /** Where it stands. */
  readonly file: string;
  readonly line: number;
  /** Requests in which a rule would have matched without it. */
  readonly count: number;
  /** Since this configuration is in force. RFC 3339, UTC. */
  readonly since: string;
  /** RFC 3339, UTC; null: it was never needed. */
  readonly lastAt: string | null;
  readonly hasExpired: boolean;
}

export interface ShadowReport extends Omit<ShadowFigures, 'config' | 'sites'> {
  /** Where it stands: in the configuration, or of a single rule in its file. */
  readonly file: string;
  readonly line: number;
  readonly sites: readonly string[];
  /** The files, or what a single rule finds. */
  readonly rules: readonly string[];
  /** The single rule of `mode: shadow` that this is about; null: a rule set of `waf.shadow`. */
  readonly rule: number | null;
  /** Requests in which the single rule found something; null: of a rule set. */
  readonly finds: number | null;
  readonly paranoia: number;
  /** 0 to 1. */
  readonly sample: number;
}

export interface ExceptWish {
  readonly requestId: string;
  /** The number of the proposal. */
  readonly proposal: number;
  readonly reason: string | undefined;
  /** The last day; undefined: 90 days from now; `never`. */
  readonly expires: string | undefined;
}
