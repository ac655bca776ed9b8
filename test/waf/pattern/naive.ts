// The slow oracle: walks the tree of a pattern as a backtracking engine would, byte by byte, with no automaton.
import { contextBit, EDGE, FINAL_LF, LF, OTHER, WORD_BYTE } from '../../../src/waf/pattern/context.ts';
import type { Look, Reference, Repeat, Term } from '../../../src/waf/pattern/node.ts';

type Continue = (at: number) => boolean;

/** Steps after which the oracle gives up. */
const MAX_STEPS = 20_000;

export class GaveUp extends Error {}

/** Start and end of groups 0 to 9 of the match PCRE would find; undefined if nothing matches. */
export function naiveExec(node: Term, value: string): number[] | undefined {
  const walker = new Walker(value);
  for (let start = 0; start <= value.length; start++) {
    walker.slots.fill(-1);
    let end = -1;
    const atEnd = (at: number) => {
      end = at;
      return true;
    };
    if (walker.walk(node, start, atEnd)) {
      walker.slots[0] = start;
      walker.slots[1] = end;
      return walker.slots;
    }
  }
  return undefined;
}

class Walker {
  readonly slots: number[] = Array.from({ length: 20 }, () => -1);
  readonly #value: string;
  #steps = 0;

  constructor(value: string) {
    this.#value = value;
  }

  walk(node: Term, at: number, next: Continue): boolean {
    if (++this.#steps > MAX_STEPS) throw new GaveUp();
    switch (node.kind) {
      case 'bytes':
        return at < this.#value.length && node.set.has(this.#value.charCodeAt(at)) && next(at + 1);
      case 'assert':
        return (node.mask & contextBit(this.#kind(at - 1), this.#kind(at))) !== 0 && next(at);
      case 'sequence':
        return this.#sequence(node.nodes, 0, at, next);
      case 'choice':
        return node.nodes.some((part) => this.walk(part, at, next));
      case 'group':
        return this.#group(node.node, node.index, at, next);
      case 'repeat':
        return this.#repeat(node, 0, at, next);
      case 'look':
        return this.#look(node, at, next);
      case 'atomic': {
        const before = [...this.slots];
        let end = -1;
        return (
          this.walk(node.node, at, (after) => {
            end = after;
            return true;
          }) &&
          (next(end) || this.#restore(before))
        );
      }
      case 'reference':
        return this.#reference(node, at, next);
    }
  }

  #look({ node, behind, negated }: Look, at: number, next: Continue): boolean {
    const before = [...this.slots];
    let holds = false;
    for (let start = at; start >= 0 && !holds; start--) {
      holds = this.walk(node, start, (after) => !behind || after === at);
      if (!behind) break;
    }
    if (negated) this.#restore(before);
    return holds !== negated && (next(at) || this.#restore(before));
  }

  #reference({ index, ignoreCase }: Reference, at: number, next: Continue): boolean {
    const [start, end] = this.slots.slice(index * 2) as [number, number];
    if (start < 0) return false;
    const after = at + end - start;
    const fold = (text: string) => (ignoreCase ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text);
    return (
      after <= this.#value.length &&
      fold(this.#value.slice(at, after)) === fold(this.#value.slice(start, end)) &&
      next(after)
    );
  }

  #restore(slots: readonly number[]): false {
    for (const [slot, at] of slots.entries()) this.slots[slot] = at;
    return false;
  }

  #sequence(nodes: readonly Term[], index: number, at: number, next: Continue): boolean {
    const node = nodes[index];
    return node ? this.walk(node, at, (after) => this.#sequence(nodes, index + 1, after, next)) : next(at);
  }

  /** A group has its new text only when it closes: a reference within still sees the old one. */
  #group(node: Term, index: number, at: number, next: Continue): boolean {
    if (index > 9) return this.walk(node, at, next);
    const slot = index * 2;
    return this.walk(node, at, (after) => {
      const [start, end] = this.slots.slice(slot) as [number, number];
      this.slots[slot] = at;
      this.slots[slot + 1] = after;
      if (next(after)) return true;
      this.slots[slot] = start;
      this.slots[slot + 1] = end;
      return false;
    });
  }

  #repeat(node: Repeat<Term>, count: number, at: number, next: Continue): boolean {
    if (count >= node.max) return next(at);
    const again = () =>
      this.walk(node.node, at, (after) => {
        const isStuck = after === at && node.max === Infinity && count + 1 >= node.min;
        return isStuck ? next(after) : this.#repeat(node, count + 1, after, next);
      });
    if (count < node.min) return again();
    return node.lazy ? next(at) || again() : again() || next(at);
  }

  #kind(at: number): number {
    if (at < 0 || at >= this.#value.length) return EDGE;
    if (this.#value[at] === '\n') return at === this.#value.length - 1 ? FINAL_LF : LF;
    return /[0-9A-Za-z_]/.test(this.#value[at]!) ? WORD_BYTE : OTHER;
  }
}
