// One order, from the first call to the chain, as a machine that can stop at any step and go on from there: what must
// survive is in the storage before the authority learns of it.
import { generateKeyPairSync } from 'node:crypto';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import acme from 'acme-client';
import type { Authority, Authorization, Challenge, Identifier, Order } from './authority.ts';
import type { ChallengeAnswers } from './challenges/answers.ts';
import { type ChallengeType, solve } from './challenges/solve.ts';
import type { Dns01 } from './dns/challenge.ts';
import { AcmeError, kindOfProblem, type ProblemDocument, problemInWords, readProblem } from './problem.ts';
import type { Storage } from './storage/storage.ts';

/** While the authority works, it is asked at growing intervals, unless it says when (RFC 8555, 7.5.1). */
const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 5000;
const POLL_GROWTH = 1.5;
const ADVISED_POLL_MS = { least: 50, most: 60_000 };

export interface OrderWish {
  /** A host name, a wildcard or an address. */
  readonly name: string;
  readonly type: ChallengeType;
  readonly profile: string | undefined;
  /** The identifier of the certificate that this one replaces (RFC 9773, 5). */
  readonly replaces: string | undefined;
}

export interface OrderTools {
  readonly authority: Authority;
  readonly storage: Storage;
  readonly answers: ChallengeAnswers;
  readonly dns: Dns01 | undefined;
  /** Before each new order: may wait or throw, and notes it. */
  readonly beforeOrder: () => Promise<void>;
}

export interface Issued {
  readonly chainPem: string;
  readonly keyPem: string;
}

interface OrderState {
  readonly url: string;
  readonly type: ChallengeType;
  readonly keyPem: string;
}

/**
 * Orders a certificate, or goes on with an order that was begun. Fails with an AcmeError, a GatehouseError of the storage
 * or the DNS provider, or the signal's reason. A failed order is forgotten; one that was merely interrupted is kept.
 */
export async function obtain(wish: OrderWish, tools: OrderTools, signal: AbortSignal): Promise<Issued> {
  const stateKey = orderKey(tools.authority.id, wish.name);
  const { state, order } = (await resume(stateKey, wish, tools)) ?? (await begin(stateKey, wish, tools));
  const run = new Run({ ...wish, type: state.type }, tools, signal);
  try {
    const chainPem = await run.toChain(order, state.keyPem);
    return { chainPem, keyPem: state.keyPem };
  } catch (error) {
    if (error instanceof AcmeError && error.kind !== 'unreachable') await tools.storage.remove(stateKey);
    throw error;
  }
}

/** Forgets the order, whose certificate is stored. */
export function forgetOrder(storage: Storage, authorityId: string, name: string): Promise<void> {
  return storage.remove(orderKey(authorityId, name));
}

/** The challenge type of an order under way; undefined when there is none. */
export async function pendingOrderType(
  storage: Storage,
  authorityId: string,
  name: string,
): Promise<ChallengeType | undefined> {
  return readState(await storage.read(orderKey(authorityId, name)))?.type;
}

interface Begun {
  readonly state: OrderState;
  readonly order: Order;
}

async function resume(
  stateKey: string,
  wish: OrderWish,
  { storage, authority }: OrderTools,
): Promise<Begun | undefined> {
  const state = readState(await storage.read(stateKey));
  if (state === undefined || state.type !== wish.type) return undefined;
  try {
    const order = await authority.order(state.url);
    if (order.status !== 'invalid') return { state, order };
  } catch (error) {
    // Expired and swept away, or of an account that is gone.
    if (!(error instanceof AcmeError) || error.kind === 'unreachable' || error.kind === 'limit') throw error;
  }
  await storage.remove(stateKey);
  return undefined;
}

async function begin(stateKey: string, wish: OrderWish, tools: OrderTools): Promise<Begun> {
  await tools.beforeOrder();
  const { authority, storage } = tools;
  const payload = {
    identifiers: [identifierOf(wish.name)],
    ...(wish.profile === undefined ? {} : { profile: wish.profile }),
  };
  const order = await newOrder(authority, payload, wish.replaces);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  const state: OrderState = { url: order.url, type: wish.type, keyPem };
  await storage.write(stateKey, `${JSON.stringify(state)}\n`);
  return { state, order };
}

/** `replaces` only helps: an authority that does not like it (another replaced it, it is not its own) is asked without. */
async function newOrder(
  authority: Authority,
  payload: { identifiers: Identifier[]; profile?: string },
  replaces: string | undefined,
): Promise<Order> {
  if (replaces === undefined) return authority.newOrder(payload);
  try {
    return await authority.newOrder({ ...payload, replaces });
  } catch (error) {
    const isAboutReplaces =
      error instanceof AcmeError && error.problem !== undefined && REPLACES_PROBLEMS.has(error.problem.type);
    if (!isAboutReplaces) throw error;
    return authority.newOrder(payload);
  }
}

const REPLACES_PROBLEMS: ReadonlySet<string> = new Set(['alreadyReplaced', 'malformed', 'unauthorized', 'conflict']);

class Run {
  readonly #wish: OrderWish;
  readonly #tools: OrderTools;
  readonly #signal: AbortSignal;

  constructor(wish: OrderWish, tools: OrderTools, signal: AbortSignal) {
    this.#wish = wish;
    this.#tools = tools;
    this.#signal = signal;
  }

  async toChain(begun: Order, keyPem: string): Promise<string> {
    const { authority } = this.#tools;
    let order = begun;
    if (order.status === 'pending') {
      for (const url of order.authorizations) await this.#authorize(url);
      order = await this.#poll(
        () => authority.order(order.url),
        (seen) => seen.status !== 'pending',
      );
    }
    if (order.status === 'ready') {
      const { name } = this.#wish;
      const [, csr] = await acme.crypto.createCsr({ altNames: [name] }, keyPem);
      this.#signal.throwIfAborted();
      await authority.finalize(order, csr);
    }
    order = await this.#poll(
      () => authority.order(order.url),
      ({ status }) => status !== 'processing' && status !== 'ready',
    );
    if (order.status !== 'valid') throw this.#failed(order.error, `the order became ${order.status}`);
    return authority.certificate(order);
  }

  async #authorize(url: string): Promise<void> {
    const { authority, answers, dns } = this.#tools;
    const authorization = await authority.authorization(url);
    if (authorization.status === 'valid') return;
    const challenge = this.#challengeOf(authorization);
    const token = challenge.token ?? '';
    const keyAuthorization = await authority.keyAuthorization(token);
    const { type } = this.#wish;
    const question = { type, identifier: authorization.identifier, token, keyAuthorization };
    const withdraw = await solve(question, answers, dns, this.#signal);
    try {
      if (challenge.status === 'pending') await authority.complete(challenge);
      const seen = await this.#poll(
        () => authority.authorization(url),
        ({ status }) => status !== 'pending',
      );
      if (seen.status === 'valid') return;
      const looked = seen.challenges.find((candidate) => candidate.type === type);
      throw this.#failed(looked?.error, `the authorization became ${seen.status}`);
    } finally {
      await withdraw();
    }
  }

  #challengeOf({ challenges, status }: Authorization): Challenge {
    const { type, name } = this.#wish;
    if (status !== 'pending') throw new AcmeError('validation', `The authorization of ${name} is ${status} already.`);
    const challenge = challenges.find((candidate) => candidate.type === type);
    if (challenge !== undefined) return challenge;
    const offered = challenges.map((candidate) => candidate.type).join(', ');
    throw new AcmeError(
      'refused',
      `The authority does not offer ${type} for ${name}; it offers ${offered || 'nothing'}.`,
      {
        isAboutType: true,
      },
    );
  }

  /** Asks again until it is done; each answer may say when to ask next. */
  async #poll<T extends { readonly retryAfterMs: number | undefined }>(
    ask: () => Promise<T>,
    isDone: (seen: T) => boolean,
  ): Promise<T> {
    for (let waitMs = FIRST_POLL_MS; ; waitMs = Math.min(waitMs * POLL_GROWTH, LONGEST_POLL_MS)) {
      const seen = await ask();
      if (isDone(seen)) return seen;
      const { least, most } = ADVISED_POLL_MS;
      const advisedMs = seen.retryAfterMs === undefined ? waitMs : Math.min(Math.max(seen.retryAfterMs, least), most);
      await sleep(advisedMs, undefined, { signal: this.#signal });
    }
  }

  #failed(error: unknown, what: string): AcmeError {
    const { type, name } = this.#wish;
    const problem: ProblemDocument | undefined = readProblem(error, 0);
    const why = problem === undefined ? `${what}, with no reason given` : problemInWords(problem);
    const kind = problem === undefined ? 'validation' : kindOfProblem(problem);
    return new AcmeError(kind, `${type} failed for ${name}: ${why}`, { problem });
  }
}

function identifierOf(name: string): Identifier {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name };
}

function orderKey(authorityId: string, name: string): string {
  return `acme/${authorityId}/orders/${fileNameOf(name)}.json`;
}

/** A name as a file name: `*` and `:` cannot stand in one everywhere, and no host name has `@`. */
export function fileNameOf(name: string): string {
  return name.replace('*', '@wildcard').replaceAll(':', '-');
}

function readState(text: string | undefined): OrderState | undefined {
  try {
    const state = JSON.parse(text ?? '') as Partial<OrderState>;
    const isWhole = [state.url, state.type, state.keyPem].every((value) => typeof value === 'string');
    return isWhole ? (state as OrderState) : undefined;
  } catch {
    return undefined;
  }
}
