// What goes out on a connection: the head of a call, then its body. One object for the life of the connection.
import type { GatehouseError } from '../../base/errors.ts';
import type { Call } from '../call.ts';
import { internal } from './failures.ts';
import { RequestBody, type UploadEvents } from './request-body.ts';
import type { Wire } from './wire.ts';

export class Sending {
  readonly #wire: Wire;
  readonly #failed: (error: GatehouseError) => void;
  /** Undefined when nothing is left to send. */
  #body: RequestBody | undefined;

  /** `failed`: the call cannot be completed, or its source has thrown; the connection must end. */
  constructor(wire: Wire, failed: (error: GatehouseError) => void) {
    this.#wire = wire;
    this.#failed = failed;
  }

  /** There is more to come of the body, and room for it. */
  get isAwaiting(): boolean {
    return this.#body?.isAwaiting === true;
  }

  begin(head: string, call: Call): void {
    const { socket } = this.#wire;
    this.#wire.touch();
    if (call.body === undefined) {
      socket.write(head, 'latin1');
      return;
    }
    call.isBodyTaken = true;
    this.#body = new RequestBody(socket, call.body, this.#events);
    try {
      this.#body.start(head);
    } catch (cause) {
      this.#failed(internal(cause));
    }
  }

  /** The socket has room again. */
  drained(): void {
    try {
      this.#body?.drained();
    } catch (cause) {
      this.#failed(internal(cause));
    }
  }

  /** Whether all of the call has gone: what is left of it, here or in the socket, would be read as the next request, or never. */
  hasSent({ body }: Call): boolean {
    const { socket, writeError } = this.#wire;
    return writeError === undefined && this.#body === undefined && (body === undefined || socket.writableLength === 0);
  }

  /** Nobody wants the rest. */
  abandon(): void {
    const body = this.#body;
    this.#body = undefined;
    body?.abandon();
  }

  readonly #events: UploadEvents = {
    progressed: () => this.#wire.touch(),
    ended: () => {
      this.#body = undefined;
      this.#wire.touch();
    },
    failed: (error) => this.#failed(error),
  };
}
