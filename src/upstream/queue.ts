// Calls that wait for one server to have room, each for a while at most. Clients take turns, so that one with a thousand
// calls keeps nobody else waiting; the calls of one client go in order of arrival. Calls that would hold what they get,
// since their bodies are still to come or their connections were slow, go last.
import { GatehouseError } from '../base/errors.ts';
import { ByClient } from './by-client.ts';
import type { Call } from './call.ts';
import { clientGone } from './http1/failures.ts';

interface Waiter<T> {
  readonly call: Call;
  take(room: T): void;
  fail(error: unknown): void;
}

export class Queue<T> {
  readonly #brisk = new ByClient<Waiter<T>>();
  readonly #slow = new ByClient<Waiter<T>>();

  get length(): number {
    return this.#brisk.size + this.#slow.size;
  }

  /** The call that `hand` would hand to. */
  get next(): Call | undefined {
    return (this.#brisk.next ?? this.#slow.next)?.call;
  }

  /** Those that go first. */
  get brisk(): number {
    return this.#brisk.size;
  }

  /** Whether `giveUpFor` would give a call up. */
  yieldsTo(client: string, isBrisk: boolean): boolean {
    return isBrisk ? this.#slow.size > 0 || this.#brisk.yieldsTo(client) : this.#slow.yieldsTo(client);
  }

  /** Fails a slow call for a brisk one, else the newest of a client that has more than this one would; false: there is none. */
  giveUpFor({ client, isBrisk }: Call, error: unknown): boolean {
    const waiter = isBrisk ? (this.#slow.takeMost() ?? this.#brisk.takeFor(client)) : this.#slow.takeFor(client);
    waiter?.fail(error);
    return waiter !== undefined;
  }

  /** Who was slow may be brisk by now, since its body has come, and the other way round. */
  sort(): void {
    const [slow, brisk] = [[...this.#slow], [...this.#brisk]];
    for (const [, waiter] of slow) if (waiter.call.isBrisk) this.#move(waiter, this.#slow, this.#brisk);
    for (const [, waiter] of brisk) if (!waiter.call.isBrisk) this.#move(waiter, this.#brisk, this.#slow);
  }

  /** Resolves with the room that the call gets; fails when it is cancelled, or has waited `timeoutMs`. */
  wait(call: Call, timeoutMs: number, origin: string): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settle = (): void => {
      clearTimeout(timer);
      call.onCancel = undefined;
    };
    const waiter: Waiter<T> = {
      call,
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
      this.#brisk.remove(call.client, waiter);
      this.#slow.remove(call.client, waiter);
      waiter.fail(error);
    };
    const timer = setTimeout(() => leave(waitedTooLong(origin, timeoutMs)), timeoutMs).unref();
    call.onCancel = () => leave(clientGone());
    (call.isBrisk ? this.#brisk : this.#slow).add(call.client, waiter);
    return promise;
  }

  /** To the call of the next client that has waited longest; those that are slow get it when there is no other. */
  hand(room: T): void {
    this.#takeNext()?.take(room);
  }

  failFirst(error: unknown): void {
    this.#takeNext()?.fail(error);
  }

  failAll(error: unknown): void {
    while (this.length > 0) this.failFirst(error);
  }

  #takeNext(): Waiter<T> | undefined {
    return this.#brisk.takeNext() ?? this.#slow.takeNext();
  }

  #move(waiter: Waiter<T>, from: ByClient<Waiter<T>>, to: ByClient<Waiter<T>>): void {
    from.remove(waiter.call.client, waiter);
    to.add(waiter.call.client, waiter);
  }
}

function waitedTooLong(origin: string, ms: number): GatehouseError {
  return new GatehouseError('upstream_busy', 'upstream', `${origin} had no room within ${ms} ms`, { status: 503 });
}
