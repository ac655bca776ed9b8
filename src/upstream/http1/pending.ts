// The call that is under way on a connection, and the promise that its sender holds: one object for
// the life of the connection, one promise a call.
import type { GatehouseError } from '../../base/errors.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call } from '../call.ts';
import { closed, mayRepeat } from './failures.ts';
import type { Upgraded } from './upgrade.ts';

export type Answer = Reply | Upgraded;

export class Pending {
  /** Undefined while the connection is idle. */
  call: Call | undefined;
  /** What the call asks to switch to. */
  protocol: string | undefined;
  /** A byte of the answer has come: the backend has worked on the call. */
  hasBytes = false;
  readonly #onCancel: () => void;
  #resolve: ((answer: Answer) => void) | undefined;
  #reject: ((error: GatehouseError) => void) | undefined;

  constructor(onCancel: () => void) {
    this.#onCancel = onCancel;
  }

  begin(call: Call, protocol: string | undefined): Promise<Answer> {
    this.call = call;
    this.protocol = protocol;
    this.hasBytes = false;
    call.onCancel = this.#onCancel;
    return new Promise(this.#keepSettlers);
  }

  /** The answer, or its head; later calls change nothing. */
  resolve(answer: Answer): void {
    this.#resolve?.(answer);
    this.#forget();
  }

  /** Tells the sender, unless it has its answer. */
  reject(error: GatehouseError): void {
    this.#reject?.(error);
    this.#forget();
  }

  /** The call is no longer under way; its promise is still to be settled. */
  end(): void {
    if (this.call !== undefined) this.call.onCancel = undefined;
    this.call = undefined;
  }

  /** What the loss of the connection means to the call. */
  lossOf(wasKept: boolean, cause: Error | undefined): GatehouseError {
    return closed(this.call !== undefined && mayRepeat(this.call, wasKept, this.hasBytes), cause);
  }

  #forget(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
  }

  readonly #keepSettlers = (resolve: (answer: Answer) => void, reject: (error: GatehouseError) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };
}
