// A stream to an HTTP/2 backend that carries one call: how its client does with it.
import type { ClientHttp2Stream } from 'node:http2';
import type { GatehouseError } from '../base/errors.ts';
import type { ReadableBody } from '../http/readable-body.ts';
import type { Call } from './call.ts';
import type { Held } from './relief.ts';

export class StreamHold implements Held {
  uploadedBytes = 0;
  uploadedAtMs: number = performance.now();
  readonly call: Call;
  answer: ReadableBody | undefined;
  readonly #stream: ClientHttp2Stream;
  readonly #fail: (error: GatehouseError) => void;

  /** `fail` gives the call up. */
  constructor(call: Call, stream: ClientHttp2Stream, fail: (error: GatehouseError) => void) {
    this.call = call;
    this.#stream = stream;
    this.#fail = fail;
  }

  get waitsForClient(): boolean {
    const { writableEnded, writableNeedDrain } = this.#stream;
    return (!writableEnded && !writableNeedDrain) || this.answer?.isHeldBack === true;
  }

  get stillSinceMs(): number | undefined {
    return this.answer === undefined ? this.uploadedAtMs : undefined;
  }

  get movedBytes(): number {
    return this.uploadedBytes + (this.answer?.received ?? 0);
  }

  destroy(error: GatehouseError): void {
    this.#fail(error);
  }
}
