// Calls that wait for one server to have room, each for a while at most. Clients take turns, so that one with a thousand
// calls keeps nobody else waiting; the calls of one client go in order of arrival.
import { GatehouseError } from '../base/errors.ts';
import { ByClient } from './by-client.ts';
import type { Call } from './call.ts';
import { clientGone } from './http1/failures.ts';

interface Waiter<T> {
  take(room: T): void;
  fail(error: unknown): void;
}

export class Queue<T> {
  readonly #waiting = new ByClient<Waiter<T>>();

  get length(): number {
    return this.#waiting.size;
  }

  /** Whether `giveUpFor` would give a call up. */
  yieldsTo(client: string): boolean {
    return this.#waiting.yieldsTo(client);
  }

  /** Fails the newest call of a client that has most, where that is more than this client would have; false: none has. */
  giveUpFor(client: string, error: unknown): boolean {
    const waiter = this.#waiting.takeFor(client);
    waiter?.fail(error);
    return waiter !== undefined;
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
      this.#waiting.remove(call.client, waiter);
      waiter.fail(error);
    };
    const timer = setTimeout(() => leave(waitedTooLong(origin, timeoutMs)), timeoutMs).unref();
    call.onCancel = () => leave(clientGone());
    this.#waiting.add(call.client, waiter);
    return promise;
  }

  /** To the call of the next client that has waited longest. */
  hand(room: T): void {
    this.#waiting.takeNext()?.take(room);
  }

  failFirst(error: unknown): void {
    this.#waiting.takeNext()?.fail(error);
  }

  failAll(error: unknown): void {
    while (this.length > 0) this.failFirst(error);
  }
}

function waitedTooLong(origin: string, ms: number): GatehouseError {
  return new GatehouseError('upstream_busy', 'upstream', `${origin} had no room within ${ms} ms`, { status: 503 });
}
