// How the rules of a route are run, and what the pipeline knows of them: no more than words, so that a gateway without rules
// does not even load the engine.
import type { WafConfig } from '../config/model/waf.ts';
import type { ClientStream } from '../http/client-stream.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { Records } from '../observe/records.ts';
import type { Engine } from '../waf/engine.ts';
import type { RequestHead } from '../waf/request.ts';
import type { Exceptions } from './exceptions.ts';
import type { Shadow } from './shadow.ts';
import type { Trials } from './trials.ts';

export interface Guard {
  readonly config: WafConfig;
  readonly engine: Engine;
  /** undefined: there are none. */
  readonly exceptions: Exceptions | undefined;
  /** undefined: nothing is scored beside. */
  readonly shadow: ShadowGuard | undefined;
  /** undefined: no rule is tried out. */
  readonly trials: Trials | undefined;
  /** Whether bodies of a media type (lower case, without parameters) are inspected. */
  inspectsType(type: string): boolean;
  /** Begins with an exchange. The record of what the rules found is written when it ends. */
  watch(x: Exchange, records: Records, stream: ClientStream | undefined): Watch;
}

/** What is scored beside: its own rules, with the same exceptions. */
export interface ShadowGuard {
  readonly shadow: Shadow;
  readonly exceptions: Exceptions | undefined;
}

/** One exchange under the eyes of the rules: each step gives the answer when the exchange ends with it. */
export interface Watch {
  /** Phase 1. */
  requestHead(): Reply | undefined;
  /** Phase 2. Gathers the body as far as it is inspected; what was gathered still goes to the backend. */
  requestBody(): Promise<Reply | undefined>;
  /** Phases 3 and 4: the reply itself, or the answer in its place. */
  response(reply: Reply): Promise<Reply>;
  /**
   * All phases for an exchange whose answer is decided: the rules look, and nothing comes of it. `head`: what the client
   * really sent, when it differs from the exchange's canonical form.
   */
  observe(head: Partial<RequestHead>, reply: Reply): void;
}
