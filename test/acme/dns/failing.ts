// What a provider throws, as tests look at it.
import { GatehouseError } from '../../../src/base/errors.ts';

/** The error that the promise ends with; fails when it is none of ours, or there is none. */
export async function failureOf(promise: Promise<unknown>): Promise<GatehouseError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof GatehouseError) return error;
  throw error;
}

/** Ends never by itself. */
export const noEnd: AbortSignal = new AbortController().signal;

export function after(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}
