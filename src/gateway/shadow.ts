// Rules that are scored beside and never act. They see a share of the requests when the answer is long given, one at a time
// and never more than half of the time, so nobody waits for them; what they would have done is counted.
import type { ShadowConfig } from '../config/model/waf.ts';
import type { Engine, Inspection } from '../waf/engine.ts';
import type { Exemption } from '../waf/exemption.ts';
import type { RequestHead } from '../waf/request.ts';
import type { ResponseHead } from '../waf/response.ts';
import { type ChangeGroup, ChangeGroups } from './change-groups.ts';
import { type Judgement, judgement } from './judgement.ts';

/** An exchange that is over, as the rules saw it. */
export interface PastExchange {
  readonly requestId: string;
  readonly site: string;
  readonly path: string;
  readonly head: RequestHead;
  readonly body: Buffer;
  readonly isCut: boolean;
  readonly exemption: Exemption | undefined;
  /** undefined: answers are not inspected. */
  readonly response: { readonly head: ResponseHead; readonly body: Buffer; readonly isCut: boolean } | undefined;
  /** What the rules in force made of it. */
  readonly judgement: Judgement;
}

export interface ShadowFigures {
  readonly config: ShadowConfig;
  readonly sites: ReadonlySet<string>;
  /** RFC 3339, UTC. */
  readonly since: string;
  readonly judged: number;
  /** Not looked at, because too many waited. */
  readonly dropped: number;
  /** The shadow could not finish them. */
  readonly failed: number;
  /** Passed, and would have been stopped; and the other way round. */
  readonly stops: number;
  readonly passes: number;
  readonly groups: readonly ChangeGroup[];
  readonly otherGroups: number;
}

/** Exchanges that wait; each holds as much of a body as is inspected. */
const MAX_WAITING = 32;

export class Shadow {
  readonly config: ShadowConfig;
  readonly engine: Engine;
  readonly #waiting: PastExchange[] = [];
  readonly #sites = new Set<string>();
  readonly #since = new Date().toISOString();
  readonly #groups = new ChangeGroups();
  readonly #sums = { judged: 0, dropped: 0, failed: 0, stops: 0, passes: 0 };
  #isRunning = false;

  /** The engine must be one of detection. */
  constructor(config: ShadowConfig, engine: Engine) {
    this.config = config;
    this.engine = engine;
  }

  /** Whether the next exchange is among those that are looked at. */
  takes(): boolean {
    if (this.config.sample < 1 && Math.random() >= this.config.sample) return false;
    if (this.#waiting.length < MAX_WAITING) return true;
    this.#sums.dropped++;
    return false;
  }

  add(past: PastExchange): void {
    this.#waiting.push(past);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => void this.#next());
  }

  figures(): ShadowFigures {
    const { config } = this;
    const facts = { config, sites: this.#sites, since: this.#since, ...this.#sums };
    return { ...facts, groups: this.#groups.all(), otherGroups: this.#groups.others };
  }

  async #next(): Promise<void> {
    const past = this.#waiting.shift();
    if (past === undefined) {
      this.#isRunning = false;
      return;
    }
    const startedAt = performance.now();
    await this.#judge(past);
    // As long as it took others have their turn.
    setTimeout(() => void this.#next(), performance.now() - startedAt).unref();
  }

  async #judge(past: PastExchange): Promise<void> {
    const inspection = this.engine.begin(past.exemption);
    try {
      await inspect(inspection, past);
    } catch {
      this.#sums.failed++;
      return;
    }
    this.#sums.judged++;
    this.#sites.add(past.site);
    const shadow = judgement(inspection.outcome());
    if (shadow.isStopped === past.judgement.isStopped) return;
    const change = shadow.isStopped ? 'stops' : 'passes';
    this.#sums[change]++;
    const reasons = shadow.isStopped ? shadow.rules : past.judgement.rules;
    for (const rule of reasons) {
      this.#groups.note(change, { name: past.requestId, path: past.path, isGood: false }, rule);
    }
  }
}

async function inspect(inspection: Inspection, { head, body, isCut, response }: PastExchange): Promise<void> {
  inspection.requestHead(head);
  await inspection.requestBodyInTurns(body, isCut);
  if (response !== undefined) {
    inspection.responseHead(response.head);
    if (inspection.wantsResponseBody) inspection.responseBody(response.body, response.isCut);
  }
  inspection.finish();
}
