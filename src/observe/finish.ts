// The end of a stream of lines. Not by sonic-boom's `flushSync`: it tries for ever what fails, be it a full disk or a pipe
// that nobody reads any more, and the process stands still meanwhile.
import type pino from 'pino';

export type SonicBoom = ReturnType<typeof pino.destination>;

/** A reader that has stalled is waited for no longer. */
const WITHIN_MS = 2_000;

/** Resolves when what waits is written, cannot be, or takes too long. What comes later is dropped. */
export function finish(stream: SonicBoom): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      drop(stream);
      resolve();
    };
    const timer = setTimeout(done, WITHIN_MS);
    stream.once('error', done);
    stream.once('close', done);
    try {
      stream.end();
    } catch {
      // It has had its end.
      done();
    }
  });
}

/** Whoever still writes there is not told; pino, which would write out what is left with `flushSync` at the end, is. */
export function drop(stream: SonicBoom): void {
  stream.destroy();
  Object.assign(stream, { write: () => true });
}
