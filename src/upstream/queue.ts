// Calls that wait for one server to have room, in order of arrival; each for a while at most.
import { GatehouseError } from '../base/errors.ts';
import type { Call } from './call.ts';
import { clientGone } from './http1/failures.ts';

interface Waiter<T> {
  take(room: T): void;
  fail(error: unknown): void;
}

export class Queue<T> {
  readonly #waiting: Waiter<T>[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** Resolves with the room that the call gets; fails when it is cancelled, or has waited `timeoutMs`. */
  wait(call: Call, timeoutMs: number, origin: string): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settle = (): void => {
      clearTimeout(timer);
      call.onCancel = undefined;
    };
    const waiter: Waiter<T> = {
      take(room) {
        settle();
        resolve(room);
      },
      fail(error) {
        settle();
        reject(error);
      },
    };
    const leave = (error: GatehouseError): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.fail(error);
    };
    const timer = setTimeout(() => leave(waitedTooLong(origin, timeoutMs)), timeoutMs).unref();
    call.onCancel = () => leave(clientGone());
    this.#waiting.push(waiter);
    return promise;
  }

  /** To the call that has waited longest. */
  hand(room: T): void {
    this.#waiting.shift()?.take(room);
  }

  failFirst(error: unknown): void {
    this.#waiting.shift()?.fail(error);
  }

  failAll(error: unknown): void {
    for (const waiter of this.#waiting.splice(0)) waiter.fail(error);
  }
}

function waitedTooLong(origin: string, ms: number): GatehouseError {
  return new GatehouseError('upstream_busy', 'upstream', `${origin} had no room within ${ms} ms`, { status: 503 });
}
