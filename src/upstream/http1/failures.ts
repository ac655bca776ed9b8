// The ways a call on a connection fails, and when the same call may be sent again.
import { GatehouseError } from '../../base/errors.ts';
import type { Call } from '../call.ts';

/**
 * Whether a call may go out again on another connection: the one it was sent on had been kept and may have
 * died before the call (RFC 9112, 9.3.1), no byte of an answer came, and the work cannot be done twice.
 */
export function mayRepeat(call: Call, wasKept: boolean, hasBytes: boolean): boolean {
  return wasKept && !hasBytes && call.isRepeatable;
}

export function closed(retry: boolean, cause?: Error): GatehouseError {
  const message =
    cause === undefined
      ? 'the connection to the backend has ended'
      : `the connection to the backend broke: ${cause.message}`;
  return new GatehouseError('upstream_closed', 'upstream', message, { retry, cause });
}

export function timedOut(timeoutMs: number, isBeforeHead: boolean): GatehouseError {
  const message = isBeforeHead
    ? `no answer's head within ${timeoutMs} ms`
    : `the backend was silent for ${timeoutMs} ms within its answer`;
  return new GatehouseError('upstream_timeout', 'upstream', message, { status: 504 });
}

export function clientGone(): GatehouseError {
  return new GatehouseError('client_closed', 'client', 'the client gave the request up', { status: 499 });
}

/** Something of ours threw where it may not; the connection pays, the process does not. */
export function internal(cause: unknown): GatehouseError {
  return new GatehouseError('internal', 'gateway', 'a handler of the exchange threw', { cause });
}
