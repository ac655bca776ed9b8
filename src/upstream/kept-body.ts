// A small request body that can be sent once more: its chunks are held, not copied, until the answer has come.
import type { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from '../http/body.ts';

export class KeptBody implements BodySource, BodySink {
  readonly length: number | undefined;
  readonly #source: BodySource;
  /** Bytes that may still be kept. */
  #room: number;
  /** Undefined: nothing is kept any more. */
  #chunks: Uint8Array[] | undefined = [];
  #trailers: readonly string[] = [];
  #hasStarted = false;
  #isWhole = false;
  #sink: BodySink | undefined;
  /** When it is sent once more: what of it, and how far that has come. */
  #again: readonly Uint8Array[] = [];
  #next = 0;

  /** `limitBytes`: a body that turns out to be longer is passed on and not kept. */
  constructor(source: BodySource, limitBytes: number) {
    this.length = source.length;
    this.#source = source;
    this.#room = limitBytes;
  }

  /** All of it has come and is kept: `start` may be called once more, when the sink before has no further use for it. */
  get canStartAgain(): boolean {
    return this.#isWhole && this.#chunks !== undefined;
  }

  /** It will not be sent once more. What is on its way goes on. */
  drop(): void {
    this.#chunks = undefined;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    if (this.#hasStarted) {
      this.#again = this.#chunks ?? [];
      this.#next = 0;
      this.#push(sink);
      return;
    }
    this.#hasStarted = true;
    this.#source.start(this);
  }

  resume(): void {
    if (!this.#isWhole) this.#source.resume();
    else if (this.#sink !== undefined) this.#push(this.#sink);
  }

  cancel(): void {
    this.#sink = undefined;
    if (this.#isWhole) return;
    this.drop();
    this.#source.cancel();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#chunks !== undefined) {
      this.#room -= chunk.length;
      if (this.#room >= 0) this.#chunks.push(chunk);
      else this.drop();
    }
    return this.#sink?.write(chunk) ?? false;
  }

  end(trailers: readonly string[]): void {
    this.#isWhole = true;
    this.#trailers = trailers;
    this.#end();
  }

  fail(error: GatehouseError): void {
    this.drop();
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.fail(error);
  }

  #push(sink: BodySink): void {
    // A sink may cancel within `write`.
    while (this.#sink === sink && this.#next < this.#again.length) {
      if (!sink.write(this.#again[this.#next++] as Uint8Array)) return;
    }
    if (this.#sink === sink) this.#end();
  }

  #end(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#again = [];
    sink?.end(this.#trailers);
  }
}

/** The body, kept where it may be short enough for that; 0: none is. */
export function keepBody(body: BodySource | undefined, limitBytes: number): BodySource | undefined {
  if (body === undefined || limitBytes === 0 || (body.length ?? 0) > limitBytes) return body;
  return new KeptBody(body, limitBytes);
}
