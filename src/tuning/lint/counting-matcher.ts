// A plain backtracking matcher, the way PCRE and its kin work without their shortcuts, that counts its steps. It is for
// measuring and never sees a request.
import { contextBit, EDGE, FINAL_LF, LF, OTHER, WORD_BYTE } from '../../waf/pattern/context.ts';
import type { Term } from '../../waf/pattern/node.ts';

type Continue = (at: number) => boolean;
type Match = (at: number, then: Continue) => boolean;

/** Deeper than any value that is tried makes it. */
class Exhausted extends Error {}

export class CountingMatcher {
  #text = '';
  #left = 0;
  readonly #match: Match;

  constructor(term: Term) {
    this.#match = this.#compile(term);
  }

  /** The steps of a search through the whole text; at most `bound`. */
  steps(text: string, bound: number): number {
    this.#text = text;
    this.#left = bound;
    try {
      for (let start = 0; start <= text.length; start++) if (this.#match(start, () => true)) break;
    } catch (error) {
      if (!(error instanceof Exhausted || error instanceof RangeError)) throw error;
      return bound;
    }
    return bound - this.#left;
  }

  #kind(at: number): number {
    const char = this.#text[at];
    if (char === undefined) return EDGE;
    if (char === '\n') return at === this.#text.length - 1 ? FINAL_LF : LF;
    return /\w/.test(char) ? WORD_BYTE : OTHER;
  }

  #step(): void {
    if (--this.#left <= 0) throw new Exhausted();
  }

  #compile(term: Term): Match {
    switch (term.kind) {
      case 'bytes':
        return (at, then) => {
          this.#step();
          return at < this.#text.length && term.set.has(this.#text.charCodeAt(at) & 255) && then(at + 1);
        };
      case 'sequence':
        return term.nodes
          .map((node) => this.#compile(node))
          .reduceRight<Match>(
            (rest, match) => (at, then) => match(at, (next) => rest(next, then)),
            (at, then) => then(at),
          );
      case 'choice': {
        const parts = term.nodes.map((node) => this.#compile(node));
        return (at, then) => {
          this.#step();
          return parts.some((part) => part(at, then));
        };
      }
      case 'repeat':
        return this.#repeat(this.#compile(term.node), term.min, term.max, term.lazy);
      case 'assert':
        return (at, then) => (term.mask & contextBit(this.#kind(at - 1), this.#kind(at))) !== 0 && then(at);
      case 'group':
        return this.#compile(term.node);
      case 'atomic': {
        const inner = this.#compile(term.node);
        return (at, then) => {
          let end = -1;
          const held = inner(at, (next) => {
            end = next;
            return true;
          });
          return held && then(end);
        };
      }
      // What depends on the surroundings or on an earlier group is taken as fulfilled: it takes no byte.
      default:
        return (at, then) => then(at);
    }
  }

  #repeat(inner: Match, min: number, max: number, lazy: boolean): Match {
    const from =
      (count: number): Match =>
      (at, then) => {
        this.#step();
        const more = (): boolean =>
          count < max && inner(at, (next) => (next > at || count < min) && from(count + 1)(next, then));
        if (count < min) return more();
        return lazy ? then(at) || more() : more() || then(at);
      };
    return from(0);
  }
}
