// What the doctor says of one thing: fine, worth a look, or broken, and then what to do.

export interface Finding {
  /** What was looked at; a stable word. */
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do about it; undefined when there is nothing to do. */
  readonly advice: string | undefined;
}

export function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message, advice: undefined };
}

export function warn(check: string, message: string, advice?: string): Finding {
  return { check, level: 'warn', message, advice };
}

export function fail(check: string, message: string, advice?: string): Finding {
  return { check, level: 'fail', message, advice };
}

/**
 * Runs one check within its time. What it throws is a finding too: a doctor who stops at the first fault is of no use.
 * The signal is aborted when the time is over.
 */
export async function within(
  check: string,
  timeoutMs: number,
  look: (signal: AbortSignal) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { promise: late, resolve } = Promise.withResolvers<readonly Finding[]>();
  const tooLate = [fail(check, `no result within ${timeoutMs / 1000} s`)];
  const timer = setTimeout(() => resolve(tooLate), timeoutMs + GRACE_MS);
  try {
    return await Promise.race([look(signal), late]);
  } catch (error) {
    if (signal.aborted && error === signal.reason) return tooLate;
    return [fail(check, error instanceof Error ? error.message : String(error))];
  } finally {
    clearTimeout(timer);
  }
}

/** A check that ends by its signal says more than we could, so it gets a moment for that. */
const GRACE_MS = 1000;
