// The body of an answer on its way from the connection to a sink. It holds at most what one read
// brought while nobody takes it; the connection stops reading meanwhile.
import type { GatehouseError } from '../../base/errors.ts';
import type { BodySink, BodySource, Release } from '../../http/body.ts';

/** What a body may ask of its connection. */
export interface ReadFlow {
  /** Read on. */
  resumeReading(): void;
  /** Nobody wants the rest of the answer. */
  abandonAnswer(): void;
}

export class ResponseBody implements BodySource {
  readonly length: number | undefined;
  /** Undefined once the last byte has arrived, or will never. */
  #flow: ReadFlow | undefined;
  #sink: BodySink | undefined;
  #held: Uint8Array | undefined;
  #isStalled = false;
  #trailers: readonly string[] | undefined;
  #error: GatehouseError | undefined;

  constructor(length: number | undefined, flow: ReadFlow) {
    this.length = length;
    this.#flow = flow;
  }

  /** True while further bytes should stay in the socket. */
  get wantsPause(): boolean {
    return this.#isStalled || this.#held !== undefined;
  }

  /** True while somebody takes bytes, so that silence is the backend's. */
  get isReading(): boolean {
    return this.#sink !== undefined && !this.wantsPause;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    if (this.#error !== undefined) this.#tell();
    else this.resume();
  }

  resume(): void {
    this.#isStalled = false;
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      this.#isStalled = this.#sink?.write(held) === false;
    }
    if (this.#trailers !== undefined) this.#tell();
    else if (!this.#isStalled) this.#flow?.resumeReading();
  }

  cancel(): void {
    const flow = this.#flow;
    this.#silence();
    flow?.abandonAnswer();
  }

  /** From the connection: further bytes. */
  push(chunk: Uint8Array, release?: Release): void {
    if (this.#sink !== undefined && !this.wantsPause) this.#isStalled = !this.#sink.write(chunk, release);
    else this.#held = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
  }

  /** From the connection: the answer is complete. */
  end(trailers: readonly string[]): void {
    this.#flow = undefined;
    this.#trailers = trailers;
    if (this.#held === undefined) this.#tell();
  }

  /** From the connection: the answer breaks off. What is held is not handed over any more. */
  fail(error: GatehouseError): void {
    this.#flow = undefined;
    this.#held = undefined;
    this.#error = error;
    this.#tell();
  }

  #tell(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    const error = this.#error;
    const trailers = this.#trailers;
    this.#silence();
    if (error !== undefined) sink.fail(error);
    else if (trailers !== undefined) sink.end(trailers);
  }

  #silence(): void {
    this.#flow = undefined;
    this.#sink = undefined;
    this.#held = undefined;
    this.#isStalled = false;
    this.#trailers = undefined;
    this.#error = undefined;
  }
}
