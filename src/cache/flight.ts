// One fetch that may be stored, and those who wait for it. It goes on as long as anybody wants it: the one who began it may
// leave. Nobody learns more of it than what is stored and may be used for him.
import type { Entry, EntryHead } from './entry.ts';
import type { Recording } from './recording.ts';

/** What the head of the answer has brought. */
export type Landing =
  /** Nothing that others may have, or a failure, which may be that one request's: they go on by themselves. */
  | { readonly kind: 'alone' }
  | { readonly kind: 'stored'; readonly entry: Entry }
  /** `whole`: undefined when it could not be kept after all. */
  | {
      readonly kind: 'coming';
      readonly head: EntryHead;
      readonly recording: Recording;
      readonly whole: Promise<Entry | undefined>;
    };

export const ALONE: Landing = { kind: 'alone' };

/** A part in a flight; to leave it twice is to leave it once. */
export interface Seat {
  leave(): void;
}

export class Flight {
  readonly key: string;
  /** What changed its resource while it was under way, so that it is not stored; see RFC 9111, 4.4. */
  isVoid = false;
  /** Nobody wants it any more. */
  onAbandoned: () => void = () => {};
  readonly #landing = Promise.withResolvers<Landing>();
  #seats = 0;

  constructor(key: string) {
    this.key = key;
  }

  take(): Seat {
    this.#seats++;
    let isTaken = true;
    return {
      leave: () => {
        if (!isTaken) return;
        isTaken = false;
        if (--this.#seats === 0) this.onAbandoned();
      },
    };
  }

  /** The first time counts. */
  land(landing: Landing): void {
    this.#landing.resolve(landing);
  }

  /** Never rejects. After `waitMs`: alone. */
  landing(waitMs: number): Promise<Landing> {
    return within(this.#landing.promise, waitMs, ALONE);
  }
}

/** What the promise gives, or `late` after so long. */
export async function within<T>(promise: Promise<T>, waitMs: number, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, waitMs, late).unref();
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
