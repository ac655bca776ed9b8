// The rule engine as others use it: one Engine for a compiled rule set and its settings, one Inspection for an exchange.
import type { BodyLimits } from './bodies/processor.ts';
import { Budget } from './budget.ts';
import { runPhase, runSteps } from './evaluate.ts';
import type { Exemption } from './exemption.ts';
import type { Intervention, Outcome } from './finding.ts';
import { Collections } from './persistent.ts';
import type { Plan } from './plan.ts';
import { addRequestHead, addTrailers, type RequestHead } from './request.ts';
import { addRequestBody } from './request-body.ts';
import { addResponseBody, addResponseHead, type ResponseHead } from './response.ts';
import type { Phase } from './rule.ts';
import { scoreOf, thresholdOf } from './score.ts';
import { Transaction } from './transaction.ts';
import { variableNumber } from './variables.ts';

const INNER_ARGS = variableNumber('INNER_ARGS');

export interface EngineOptions {
  /** Detection mode decides everything and does nothing. */
  readonly mode: 'on' | 'detectionOnly';
  /** Time that the engine may take for one exchange, in milliseconds of work. */
  readonly budgetMs: number;
  readonly body: BodyLimits;
  /** Work of the scans, as `Ground.walked` counts it, at which it is first looked whether a body is refused already. */
  readonly judgeFrom?: number;
  /** Milliseconds of work on a body after which others get their turn. */
  readonly turnMs?: number;
}

export class Engine {
  readonly plan: Plan;
  readonly options: EngineOptions;

  constructor(plan: Plan, options: EngineOptions) {
    this.plan = plan;
    this.options = options;
  }

  /** Whether some rule looks at the texts of gRPC messages. */
  get readsMessages(): boolean {
    return this.plan.reads.has(INNER_ARGS);
  }

  /** `exemption`: what the exchange is spared, as far as its head says. */
  begin(exemption?: Exemption): Inspection {
    return new Inspection(this.plan, this.options, exemption);
  }
}

/**
 * The inspection of one exchange. The methods are called in order, each at most once, and `finish` always; each runs
 * a phase and answers with what must be done, or undefined to go on. They throw when the engine fails or the budget
 * is used up: the caller then refuses, or does what its operator declared.
 */
export class Inspection {
  readonly #plan: Plan;
  #tx: Transaction;
  /** Work of the scans at which it is looked next whether a body is refused already. */
  #judgeAt: number;
  readonly #options: EngineOptions;

  constructor(plan: Plan, options: EngineOptions, exemption?: Exemption) {
    this.#plan = plan;
    this.#options = options;
    this.#judgeAt = options.judgeFrom ?? JUDGE_FROM;
    plan.scans.beginExchange();
    const collections = new Collections(plan.collections);
    this.#tx = new Transaction(plan, options.mode, collections, new Budget(options.budgetMs), exemption);
  }

  requestHead(head: RequestHead): Intervention | undefined {
    return this.#run(1, (tx) => addRequestHead(tx, head, this.#options.body.maxArguments));
  }

  /** Whether the body has to be gathered before `requestBody`. */
  get wantsRequestBody(): boolean {
    const { mode, requestBodyAccess, intervention } = this.#tx;
    return mode !== 'off' && requestBodyAccess && intervention === undefined && this.#tx.allowedUpTo < 2;
  }

  /** `isPrefix`: the body was longer than is inspected. An exchange without a body has an empty one. */
  requestBody(body: Buffer, isPrefix: boolean): Intervention | undefined {
    return this.#run(2, (tx) => {
      const filling = addRequestBody(tx, body, isPrefix, this.#options.body);
      while (!this.#takeValue(filling));
    });
  }

  /** The same for a body that may be long or hold thousands of values: the event loop gets its turn in between. */
  async requestBodyInTurns(
    body: Buffer,
    isPrefix: boolean,
    trailers: readonly string[] = [],
  ): Promise<Intervention | undefined> {
    const { budget } = this.#tx;
    addTrailers(this.#tx, trailers);
    const work = this.#bodyWork(addRequestBody(this.#tx, body, isPrefix, this.#options.body));
    while (!this.#takeTurn(work, budget)) await new Promise(setImmediate);
    return this.#tx.intervention;
  }

  responseHead(head: ResponseHead): Intervention | undefined {
    return this.#run(3, (tx) => addResponseHead(tx, head));
  }

  get wantsResponseBody(): boolean {
    const { mode, responseBodyAccess, intervention } = this.#tx;
    return mode !== 'off' && responseBodyAccess && intervention === undefined && this.#tx.allowedUpTo < 4;
  }

  responseBody(body: Buffer, isPrefix: boolean): Intervention | undefined {
    return this.#run(4, (tx) => addResponseBody(tx, body, isPrefix));
  }

  /** The phase after the exchange, and all that was found. */
  finish(): Outcome {
    this.#run(5, () => {});
    return this.outcome();
  }

  /** What was found so far: all that remains of an exchange that the engine could not follow to its end. */
  outcome(): Outcome {
    const { findings, intervention, suppressed, auditLog, exceptionsUsed, tx } = this.#tx;
    const [score, threshold] = [scoreOf(tx), thresholdOf(tx)];
    return { findings, intervention, suppressed, auditLog, exceptionsUsed, score, threshold };
  }

  #run(phase: Phase, fill: (tx: Transaction) => void): Intervention | undefined {
    const { budget } = this.#tx;
    budget.enter();
    try {
      fill(this.#tx);
      while (this.#tx.scanOn());
      runPhase(this.#plan, this.#tx, phase);
    } finally {
      if (phase > 1) this.#tx.readings = undefined;
      budget.leave();
    }
    return this.#tx.intervention;
  }

  /** Takes the values, then runs the rules. Stops behind some values, each part of a long one, and each rule. */
  *#bodyWork(filling: Generator): Generator<undefined, void> {
    for (let count = 1; !this.#takeValue(filling); count++) {
      if (this.#tx.isScanning || count % VALUES_PER_STOP === 0) yield;
    }
    const [, from = 0, end = 0] = this.#plan.phaseStart;
    for (let next = from; next < end; ) {
      yield;
      next = runSteps(this.#plan, this.#tx, 2, next, 1);
    }
    this.#tx.readings = undefined;
  }

  /** Works for one turn; true when all is done. */
  #takeTurn(work: Generator, budget: Budget): boolean {
    const { turnMs = TURN_MS } = this.#options;
    const startedAt = performance.now();
    budget.enter();
    try {
      while (work.next().done !== true) if (performance.now() - startedAt >= turnMs) return false;
      return true;
    } catch (error) {
      this.#tx.readings = undefined;
      throw error;
    } finally {
      budget.leave();
    }
  }

  /** Takes a value, or a part of a long one; true when everything is taken that matters. */
  #takeValue(filling: Generator): boolean {
    if (!this.#tx.scanOn() && filling.next().done === true && !this.#tx.isScanning) return true;
    if (this.#tx.walked < this.#judgeAt) return false;
    this.#judgeAt = 2 * this.#tx.walked;
    return this.#isRefused();
  }

  /** Whether what has been read of a body is enough to refuse it: what else is in it would cost time for nothing. */
  #isRefused(): boolean {
    const { early } = this.#plan;
    if (early === undefined || this.#tx.mode !== 'on') return false;
    const { quotes, captures } = this.#tx.budget;
    const before = [quotes.steps, captures.steps] as const;
    const trial = this.#tx.fork();
    runPhase(this.#plan, trial, 2, early);
    if (trial.intervention === undefined) [quotes.steps, captures.steps] = before;
    else this.#tx = trial;
    return trial.intervention !== undefined;
  }
}

/** Short values between two stops. */
const VALUES_PER_STOP = 8;
/** Longest stretch of work on a body, in milliseconds, before others get their turn. */
const TURN_MS = 10;
/** Bodies of less than some tens of kilobytes are read with less work, however hostile they are. */
const JUDGE_FROM = 256 * 1024;
