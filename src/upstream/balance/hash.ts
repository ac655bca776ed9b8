// Hashing by rendezvous (highest random weight): every server has a rank for every slot of keys, and the first takes
// them. So a server that goes moves the keys it had and no others, weights hold, and gateways that know the same servers
// agree. The firsts are in a table, made once; bounded loads (Mirrokni, Thorup, Zadimoghaddam, 2016) pass a call on.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Balancer, Candidate } from './candidate.ts';
import { canTake, weightNow } from './candidate.ts';

/** Keys are told apart as far as this; a power of two. With 100 servers each has some 650 slots. */
const SLOT_BITS = 16;
const SLOTS = 2 ** SLOT_BITS;
/**
 * A server with no more calls than this for each unit of weight is never passed over: when hardly anything is going on,
 * the bound would part the few calls of one client.
 */
const ALWAYS_TAKEN = 8;

export class Hashing<C extends Candidate> implements Balancer<C> {
  readonly #all: readonly C[];
  readonly #seeds: readonly number[];
  /** For each slot the place of its first server among all, out or not. */
  readonly #firsts: Uint16Array;
  readonly #factor: number | undefined;
  #candidates: ReadonlySet<C> = new Set();

  /** `all`: also those that are out for now, so that their coming and going moves their own keys only. */
  constructor(all: readonly C[], factor: number | undefined) {
    this.#all = all;
    this.#factor = factor;
    this.#seeds = all.map(({ id }) => createHash('sha256').update(id).digest().readUInt32LE());
    this.#firsts = Uint16Array.from({ length: SLOTS }, (_, slot) => this.#best(slot, ({ weight }) => weight));
  }

  use(candidates: readonly C[]): void {
    this.#candidates = new Set(candidates);
  }

  pick(key: number, tried: readonly C[]): C | undefined {
    const slot = key >>> (32 - SLOT_BITS);
    const first = this.#all[this.#firsts[slot] as number] as C;
    // One that comes back slowly may not be the first by as much of its weight as counts: its keys stay where they are.
    if (first.share === 1 && this.#fits(first, tried) && !this.#isOver(first)) return first;
    return this.#next(slot, tried, true) ?? this.#next(slot, tried, false);
  }

  #next(slot: number, tried: readonly C[], isBounded: boolean): C | undefined {
    const weighs = (candidate: C): number =>
      this.#fits(candidate, tried) && !(isBounded && this.#isOver(candidate)) ? weightNow(candidate) : 0;
    return this.#all[this.#best(slot, weighs)];
  }

  #fits(candidate: C, tried: readonly C[]): boolean {
    return this.#candidates.has(candidate) && canTake(candidate, tried);
  }

  #isOver(candidate: C): boolean {
    const { load } = candidate;
    if (this.#factor === undefined || load < ALWAYS_TAKEN * candidate.weight) return false;
    let calls = 1;
    let weights = 0;
    for (const each of this.#candidates) {
      calls += each.load;
      weights += weightNow(each);
    }
    return load >= Math.ceil((this.#factor * calls * weightNow(candidate)) / weights);
  }

  /** The place of the first of those that weigh anything; -1 when none does. */
  #best(slot: number, weighs: (candidate: C) => number): number {
    let best = -1;
    let bestScore = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#all.length; i++) {
      const candidate = this.#all[i] as C;
      const weight = weighs(candidate);
      if (weight === 0) continue;
      // An exponential race: the chance to be first is the weight's share, whoever else runs.
      const uniform = (scrambled(slot ^ (this.#seeds[i] as number)) + 1) / 2 ** 32;
      const score = -Math.log(uniform) / weight;
      if (score < bestScore) {
        best = i;
        bestScore = score;
      }
    }
    return best;
  }
}

/** 32 bits of a text, spread evenly; the same in every gateway. */
export function hashOf(text: string): number {
  return scrambled(crc32(text));
}

/** The finalizer of MurmurHash3: each bit of the input moves each bit of the output half the time. */
function scrambled(bits: number): number {
  let h = bits;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
