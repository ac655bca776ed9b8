// What a state of a lazily built automaton knows beside its set of NFA states: the kind of the byte behind, and which
// of the eager patterns were matched. With it the states at which patterns begin anew are looked up.
import { contextBit, EDGE, KINDS } from './context.ts';
import type { Restart, Stepper } from './stepper.ts';

/** As many as fit beside the kind of neighbour in a byte. */
export const MAX_EAGER = 5;
const KIND_BITS = 3;
const KIND_MASK = (1 << KIND_BITS) - 1;

/** Contexts are numbers below 256: the kind behind in the low bits, one bit for each eager pattern above. */
export class StateContexts {
  /** The context before the first byte. */
  readonly first: number;
  private readonly stepper: Stepper;
  private readonly patterns: Int32Array;
  private readonly eager: readonly number[];
  /** Kinds of neighbour that no state tells apart share a number. */
  private readonly kinds: Uint8Array;
  /** By context, then by column. */
  private readonly restarts: (Restart | undefined)[][] = [];

  constructor(stepper: Stepper, patterns: Int32Array, eager: readonly number[]) {
    this.stepper = stepper;
    this.patterns = patterns;
    this.eager = eager;
    this.kinds = distinctKinds(stepper.assertionsOf(patterns));
    this.first = this.kinds[EDGE]!;
  }

  kindOf(context: number): number {
    return context & KIND_MASK;
  }

  /** The context for a kind, with no eager pattern matched yet. */
  ofKind(kind: number): number {
    return this.kinds[kind]!;
  }

  /** The context after the stepper's step over a column. */
  after(context: number, column: number): number {
    const { stepper, eager } = this;
    let matched = context & ~KIND_MASK;
    for (let i = 0; i < eager.length; i++) if (stepper.hasAccepted(eager[i]!)) matched |= 1 << (KIND_BITS + i);
    return matched | this.kinds[stepper.follow.alphabet.kindOf[column]!]!;
  }

  /** What the first states of the patterns that are still looked for reach over a column. */
  restart(context: number, column: number): Restart {
    let byColumn = this.restarts[context];
    if (byColumn === undefined) {
      byColumn = [];
      this.restarts[context] = byColumn;
    }
    const known = byColumn[column];
    if (known !== undefined) return known;
    const matched = this.eager.filter((_, i) => ((context >>> (KIND_BITS + i)) & 1) === 1);
    const open = matched.length === 0 ? this.patterns : this.patterns.filter((pattern) => !matched.includes(pattern));
    const restart = this.stepper.restartOf(open, context & KIND_MASK, column);
    byColumn[column] = restart;
    return restart;
  }
}

/** For each kind of neighbour the first kind that every mask treats alike. */
function distinctKinds(masks: readonly number[]): Uint8Array {
  const rowOf = (mask: number, kind: number) => (mask >>> (kind * KINDS)) & (contextBit(1, 0) - 1);
  const isAlike = (a: number, b: number) => masks.every((mask) => rowOf(mask, a) === rowOf(mask, b));
  const kinds = Uint8Array.from({ length: KINDS }, (_, kind) => kind);
  return kinds.map((kind) => kinds.find((other) => isAlike(kind, other))!);
}
