// The steps of one order (RFC 8555, 7.4): prove the name, ask for the certificate, fetch the chain. Each begins with what
// the authority says of the order, so it does not matter which steps were done before. Nothing is kept here.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authority } from './authority.ts';
import type { ChallengeAnswers, Withdraw } from './challenges/answers.ts';
import { type ChallengeType, solve } from './challenges/solve.ts';
import type { Dns01 } from './dns/challenge.ts';
import { type Authorization, type Challenge, identifierOf, type Order } from './documents.ts';
import { libraries } from './library.ts';
import { AcmeError, kindOfProblem, problemInWords, readProblem } from './problem.ts';

/** While the authority works, it is asked at growing intervals, unless it says when (RFC 8555, 7.5.1). */
const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 5000;
const POLL_GROWTH = 1.5;
const ADVISED_POLL_MS = { least: 50, most: 60_000 };
/** Then another name has its turn; the order is gone on with later. */
const POLL_TIMEOUT_MS = { authorization: 120_000, order: 60_000 };

export interface RunTools {
  readonly authority: Authority;
  readonly answers: ChallengeAnswers;
  readonly dns: Dns01 | undefined;
  readonly warn: (message: string) => void;
}

export interface RunWish {
  readonly name: string;
  /** In order of preference. */
  readonly types: readonly ChallengeType[];
  readonly keyPem: string;
}

export class OrderRun {
  /** The challenge that succeeded. */
  provenBy: ChallengeType | undefined;
  readonly #wish: RunWish;
  readonly #tools: RunTools;
  readonly #signal: AbortSignal;

  constructor(wish: RunWish, tools: RunTools, signal: AbortSignal) {
    this.#wish = wish;
    this.#tools = tools;
    this.#signal = signal;
  }

  async toChain(begun: Order): Promise<string> {
    const { authority } = this.#tools;
    const { name, keyPem } = this.#wish;
    const ask = (): Promise<Order> => authority.order(begun.url);
    let order = begun;
    this.#signal.throwIfAborted();
    if (order.status === 'pending') {
      for (const url of order.authorizations) await this.#authorize(url);
      order = await this.#poll('order', ask, ({ status }) => status !== 'pending');
    }
    if (order.status === 'ready') {
      const { acme } = await libraries();
      const [, csr] = await acme.crypto.createCsr({ altNames: [name] }, keyPem);
      this.#signal.throwIfAborted();
      order = await authority.finalize(order, csr);
    }
    if (isUnderWay(order)) order = await this.#poll('order', ask, (seen) => !isUnderWay(seen));
    if (order.status !== 'valid') throw this.#orderFailed(order);
    return authority.certificate(order);
  }

  /** Tries one type after the other as long as the authorization stays open. */
  async #authorize(url: string): Promise<void> {
    const authorization = await this.#tools.authority.authorization(url);
    if (authorization.status === 'valid') return;
    let failure: AcmeError | undefined;
    for (const challenge of this.#usable(authorization)) {
      if (failure !== undefined) this.#tools.warn(`${failure.message} Trying ${challenge.type} next.`);
      this.#signal.throwIfAborted();
      let withdraw: Withdraw;
      try {
        withdraw = await this.#putInPlace(challenge);
      } catch (error) {
        if (!(error instanceof AcmeError) || error.challenge === undefined) throw error;
        failure = error;
        continue;
      }
      try {
        await this.#prove(url, challenge);
        return;
      } finally {
        // What stays behind harms nobody, and what was proven stays proven.
        await withdraw().catch((error: Error) => this.#tools.warn(error.message));
      }
    }
    throw failure;
  }

  async #putInPlace({ type, token }: Challenge): Promise<Withdraw> {
    const { authority, answers, dns } = this.#tools;
    const keyAuthorization = await authority.keyAuthorization(token);
    const identifier = identifierOf(this.#wish.name.replace(/^\*\./, ''));
    const question = { type: type as ChallengeType, identifier, token, keyAuthorization };
    return solve(question, answers, dns, this.#signal);
  }

  async #prove(url: string, challenge: Challenge): Promise<void> {
    const { authority } = this.#tools;
    if (challenge.status === 'pending') await authority.complete(challenge);
    const ask = (): Promise<Authorization> => authority.authorization(url);
    const seen = await this.#poll('authorization', ask, ({ status }) => status !== 'pending');
    if (seen.status !== 'valid') throw this.#challengeFailed(seen, challenge.type);
    this.provenBy = challenge.type as ChallengeType;
  }

  /** The wished ones, of which one that was begun before an interruption comes first. */
  #usable({ challenges, status }: Authorization): readonly Challenge[] {
    const { name, types } = this.#wish;
    if (status !== 'pending') throw new AcmeError('validation', `The authorization of ${name} is ${status} already.`);
    const wished = types.flatMap((type) => challenges.find((challenge) => challenge.type === type) ?? []);
    if (wished.length > 0) return wished.toSorted((a, b) => rank(a) - rank(b));
    const offered = challenges.map(({ type }) => type).join(', ') || 'nothing that we know';
    const message = `The authority offers no challenge for ${name} that is set (${types.join(', ')}); it offers ${offered}.`;
    throw new AcmeError('refused', message, { challenge: types.length === 1 ? types[0] : undefined });
  }

  /** Asks again until it is done; each answer may say when to ask next. */
  async #poll<T extends { readonly status: string; readonly retryAfterMs: number | undefined }>(
    what: 'authorization' | 'order',
    ask: () => Promise<T>,
    isDone: (seen: T) => boolean,
  ): Promise<T> {
    const begunAt = performance.now();
    for (let waitMs = FIRST_POLL_MS; ; waitMs = Math.min(waitMs * POLL_GROWTH, LONGEST_POLL_MS)) {
      const seen = await ask();
      if (isDone(seen)) return seen;
      const spentMs = performance.now() - begunAt;
      if (spentMs > POLL_TIMEOUT_MS[what]) {
        const message = `The ${what} of ${this.#wish.name} is ${seen.status} for ${Math.round(spentMs / 1000)} s already.`;
        throw new AcmeError('unreachable', message, { retryAfterMs: seen.retryAfterMs });
      }
      const { least, most } = ADVISED_POLL_MS;
      const advisedMs = seen.retryAfterMs === undefined ? waitMs : Math.min(Math.max(seen.retryAfterMs, least), most);
      await sleep(advisedMs, undefined, { signal: this.#signal });
    }
  }

  #challengeFailed({ challenges, status }: Authorization, type: string): AcmeError {
    const problem = readProblem(challenges.find((challenge) => challenge.type === type)?.error, 0);
    const why =
      problem === undefined
        ? `the authorization became ${status}, with no reason given`
        : problemInWords(problem, 'challenge');
    return new AcmeError('validation', `${type} failed for ${this.#wish.name}: ${why}`, { problem, challenge: type });
  }

  #orderFailed({ error, status }: Order): AcmeError {
    const problem = readProblem(error, 0);
    const why =
      problem === undefined ? `the order became ${status}, with no reason given` : problemInWords(problem, 'request');
    const kind = problem === undefined ? 'refused' : kindOfProblem(problem);
    return new AcmeError(kind, `No certificate for ${this.#wish.name}: ${why}`, { problem });
  }
}

function isUnderWay({ status }: Order): boolean {
  return status === 'processing' || status === 'ready';
}

function rank({ status }: Challenge): number {
  return status === 'processing' ? 0 : 1;
}
