// Where whole lines go that somebody else has made: one writer for each of stdout and stderr, so that lines never mix.
import pino from 'pino';

export interface LineSink {
  /** False: full for now, and `whenEmpty` calls once. */
  write(lines: string): boolean;
  whenEmpty(act: () => void): void;
}

/** Lines that wait for a slow reader; beyond it they are lost. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

export type SonicBoom = ReturnType<typeof pino.destination>;

export function stdoutSink(onLoss: (error: NodeJS.ErrnoException) => void): LineSink & { flush(): void } {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING_BYTES });
  let isLost = false;
  destination.on('error', (error: NodeJS.ErrnoException) => {
    if (!isLost) onLoss(error);
    isLost = true;
  });
  return {
    ...sinkOf(() => destination),
    flush: () => {
      try {
        if (!isLost) destination.flushSync();
      } catch {
        // Closed meanwhile: there is nobody left to read it.
      }
    },
  };
}

export function sinkOf(destination: () => SonicBoom): LineSink {
  return {
    // Typed as if it told nothing; it tells whether there is room.
    write: (lines) => destination().write(lines) as unknown as boolean,
    whenEmpty: (act) => void destination().once('drain', act),
  };
}
