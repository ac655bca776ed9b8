// One order, begun or gone on with: what must survive is in the storage before the authority is asked for more, so that
// the order can stop at any step and go on from there. The steps themselves are in `order-run.ts`.

import { newKey, pemOfKey } from '../tls/keys.ts';
import type { NewOrder } from './authority.ts';
import type { ChallengeType } from './challenges/solve.ts';
import { identifierOf, type Order } from './documents.ts';
import { OrderRun, type RunTools } from './order-run.ts';
import { AcmeError } from './problem.ts';
import { fileNameOf } from './storage/names.ts';
import type { Storage } from './storage/storage.ts';

export interface OrderWish {
  /** A host name, a wildcard or an address. */
  readonly name: string;
  /** In order of preference. */
  readonly types: readonly ChallengeType[];
  readonly profile: string | undefined;
  /** The identifier of the certificate that this one replaces (RFC 9773, 5). */
  readonly replaces: string | undefined;
}

export interface OrderTools extends RunTools {
  readonly storage: Storage;
  /** Before each new order that counts against the authority's limits: notes it, or throws. */
  readonly admit: () => Promise<void>;
}

export interface Issued {
  readonly chainPem: string;
  readonly keyPem: string;
  /** What proved the name; undefined when it was proven before. */
  readonly type: ChallengeType | undefined;
  /** The authority took it for the successor of another, and counts it against no limit. */
  readonly isReplacement: boolean;
}

interface OrderState {
  readonly url: string;
  readonly types: readonly ChallengeType[];
  readonly keyPem: string;
  readonly isReplacement: boolean;
}

interface Begun {
  readonly state: OrderState;
  readonly order: Order;
}

/**
 * Orders a certificate, or goes on with an order that was begun. Fails with an AcmeError, a GatehouseError of the storage
 * or the DNS provider, or the signal's reason. A failed order is forgotten; one that was merely interrupted is kept.
 */
export async function obtain(wish: OrderWish, tools: OrderTools, signal: AbortSignal): Promise<Issued> {
  const { authority, storage } = tools;
  const key = orderKey(authority.id, wish.name);
  const { state, order } = (await resume(key, wish, tools)) ?? (await begin(key, wish, tools));
  const types = wish.types.filter((type) => state.types.includes(type));
  const run = new OrderRun({ name: wish.name, types, keyPem: state.keyPem }, tools, signal);
  try {
    const chainPem = await run.toChain(order);
    return { chainPem, keyPem: state.keyPem, type: run.provenBy, isReplacement: state.isReplacement };
  } catch (error) {
    if (error instanceof AcmeError && error.kind !== 'unreachable' && error.kind !== 'limit') await storage.remove(key);
    throw error;
  }
}

/** Forgets the order, whose certificate is stored. */
export function forgetOrder(storage: Storage, authorityId: string, name: string): Promise<void> {
  return storage.remove(orderKey(authorityId, name));
}

async function resume(key: string, wish: OrderWish, { storage, authority }: OrderTools): Promise<Begun | undefined> {
  const state = readOrderState(await storage.read(key));
  if (state === undefined) return undefined;
  // Not one whose every type has failed meanwhile, or was taken out of the settings.
  if (state.types.some((type) => wish.types.includes(type))) {
    try {
      const order = await authority.order(state.url);
      if (order.status !== 'invalid') return { state, order };
    } catch (error) {
      // Expired and swept away, or of an account that is gone.
      if (!(error instanceof AcmeError) || error.kind === 'unreachable' || error.kind === 'limit') throw error;
    }
  }
  await storage.remove(key);
  return undefined;
}

async function begin(key: string, wish: OrderWish, tools: OrderTools): Promise<Begun> {
  const { order, isReplacement } = await newOrder(wish, tools);
  const keyPem = pemOfKey(newKey());
  const state: OrderState = { url: order.url, types: wish.types, keyPem, isReplacement };
  await tools.storage.write(key, `${JSON.stringify(state)}\n`);
  return { state, order };
}

/** An authority that does not want to hear what is replaced gets an order without it (RFC 9773, 5). */
async function newOrder(wish: OrderWish, tools: OrderTools): Promise<{ order: Order; isReplacement: boolean }> {
  const { authority, admit } = tools;
  const { name, profile, replaces } = wish;
  const plain: NewOrder = { identifiers: [identifierOf(name)], ...(profile === undefined ? {} : { profile }) };
  if (replaces !== undefined) {
    try {
      return { order: await authority.newOrder({ ...plain, replaces }), isReplacement: true };
    } catch (error) {
      const type = error instanceof AcmeError ? error.problem?.type : undefined;
      if (type === undefined || !REPLACES_PROBLEMS.has(type)) throw error;
    }
  }
  await admit();
  return { order: await authority.newOrder(plain), isReplacement: false };
}

const REPLACES_PROBLEMS: ReadonlySet<string> = new Set(['alreadyReplaced', 'malformed', 'unauthorized', 'conflict']);

function orderKey(authorityId: string, name: string): string {
  return `acme/${authorityId}/orders/${fileNameOf(name)}.json`;
}

/** Undefined for what is damaged: then another order is begun. */
export function readOrderState(text: string | undefined): OrderState | undefined {
  try {
    const { url, types, keyPem, isReplacement } = JSON.parse(text ?? '') as Partial<Record<keyof OrderState, unknown>>;
    if (typeof url !== 'string' || !URL.canParse(url) || typeof keyPem !== 'string') return undefined;
    if (!Array.isArray(types) || !keyPem.includes('PRIVATE KEY')) return undefined;
    return { url, types: types as ChallengeType[], keyPem, isReplacement: isReplacement === true };
  } catch {
    return undefined;
  }
}
