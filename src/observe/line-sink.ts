// Where whole lines go that somebody else has made: one writer for each of stdout and stderr, so that lines never mix.
import type { SonicBoom } from './finish.ts';

export interface LineSink {
  /** False: full for now, and `whenEmpty` calls once. */
  write(lines: string): boolean;
  whenEmpty(act: () => void): void;
}

export function sinkOf(destination: () => SonicBoom): LineSink {
  return {
    // Typed as if it told nothing; it tells whether there is room.
    write: (lines) => destination().write(lines) as unknown as boolean,
    whenEmpty: (act) => void destination().once('drain', act),
  };
}
