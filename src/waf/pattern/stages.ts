// What was worked out of a pattern's ways and is kept: few bytes do anything that no byte before them did.

/** Stages and moves kept; then all are forgotten. */
const MAX_STAGES = 256;
const MAX_MOVES = 1_024;

/** The ways that are open after a byte, the preferred one first, each as the NFA state it has reached. */
export interface Stage {
  readonly threads: Int32Array;
  /** Kind of the byte behind. */
  readonly behind: number;
  /** A match may still begin here, after all ways in preference. */
  readonly isOpen: boolean;
  /** By column. */
  readonly moves: (Move | undefined)[];
}

/**
 * What a column does: each new way comes from an old one (or, NEW, begins here), and sets some slots to the place of
 * the column.
 */
export interface Move {
  readonly target: Stage;
  readonly sources: Int32Array;
  readonly saves: Int32Array;
  /** True when every way keeps its place and its slots. */
  readonly keepsAll: boolean;
  /** Whether the pattern's end is reached before the column, by which way, and the slots it sets. */
  readonly isMatch: boolean;
  readonly matched: number;
  readonly matchedSaves: number;
}

export class StageStore {
  /** Moves added so far, forgotten ones included. */
  made = 0;
  private readonly stages = new Map<string, Stage>();
  private moves = 0;

  /** The stage of the first `count` threads. */
  get(threads: ArrayLike<number>, count: number, behind: number, isOpen: boolean): Stage {
    const own = Int32Array.from({ length: count }, (_, i) => threads[i]!);
    const key = `${behind}${isOpen}${own.join()}`;
    const known = this.stages.get(key);
    if (known !== undefined) return known;
    if (this.stages.size >= MAX_STAGES || this.moves >= MAX_MOVES) {
      this.stages.clear();
      this.moves = 0;
    }
    const stage = { threads: own, behind, isOpen, moves: [] };
    this.stages.set(key, stage);
    return stage;
  }

  add(stage: Stage, column: number, move: Move): void {
    stage.moves[column] = move;
    this.moves++;
    this.made++;
  }
}
