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

/** What cannot be written is told once, and is in `failing` as long as it lasts. */
export function stdoutSink(tell: (words: string) => void): LineSink & { flush(): void; failing(): string[] } {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING_BYTES });
  let isTold = false;
  let lost: string | undefined;
  destination.on('error', ({ code }: NodeJS.ErrnoException) => {
    lost = `records for stdout are lost: it cannot be written (${code})`;
    if (!isTold) tell(lost);
    isTold = true;
  });
  destination.on('write', (bytes: number) => {
    if (bytes > 0) lost = undefined;
  });
  return {
    ...sinkOf(() => destination),
    failing: () => (lost === undefined ? [] : [lost]),
    flush: () => {
      try {
        // Where it has failed, writing on might be tried for ever.
        if (!isTold) destination.flushSync();
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
