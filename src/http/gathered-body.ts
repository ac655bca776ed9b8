// A body whose beginning is looked at before anything of it goes on: gathered up to a bound, then replayed from the
// first byte, with the rest streaming behind. Never more than the bound and one chunk in memory.
import type { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from './body.ts';

export interface Gathered {
  /** At most the bound. */
  readonly bytes: Buffer;
  /** True when there was more than the bound. */
  readonly isPrefix: boolean;
}

export class GatheredBody implements BodySource, BodySink {
  readonly length: number | undefined;
  readonly #source: BodySource;
  readonly #boundBytes: number;
  readonly #gathered = Promise.withResolvers<Gathered>();
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isGathering = true;
  /** How the body ended, when it did while nobody took it. */
  #end: ((sink: BodySink) => void) | undefined;
  #sink: BodySink | undefined;

  constructor(source: BodySource, boundBytes: number) {
    this.length = source.length;
    this.#source = source;
    this.#boundBytes = boundBytes;
  }

  /** Begins to read. Fails as the body fails; a body that breaks off within the bound has nothing to be replayed. */
  gather(): Promise<Gathered> {
    this.#source.start(this);
    return this.#gathered.promise;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#replay();
  }

  resume(): void {
    if (this.#chunks.length > 0 || this.#end !== undefined) this.#replay();
    else this.#source.resume();
  }

  cancel(): void {
    this.#sink = undefined;
    this.#chunks = [];
    this.#source.cancel();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#sink !== undefined) return this.#sink.write(chunk);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#boundBytes) return true;
    this.#settle(true);
    return false;
  }

  end(trailers: readonly string[]): void {
    if (this.#sink !== undefined) {
      this.#sink.end(trailers);
      return;
    }
    this.#end = (sink) => sink.end(trailers);
    this.#settle(false);
  }

  fail(error: GatehouseError): void {
    if (this.#sink !== undefined) {
      this.#sink.fail(error);
      return;
    }
    this.#end = (sink) => sink.fail(error);
    if (this.#isGathering) this.#gathered.reject(error);
    this.#isGathering = false;
  }

  #settle(isPrefix: boolean): void {
    if (!this.#isGathering) return;
    this.#isGathering = false;
    const [only] = this.#chunks;
    const whole =
      this.#chunks.length === 1 && only !== undefined
        ? Buffer.from(only.buffer, only.byteOffset, only.length)
        : Buffer.concat(this.#chunks);
    this.#gathered.resolve({ bytes: isPrefix ? whole.subarray(0, this.#boundBytes) : whole, isPrefix });
  }

  #replay(): void {
    // The sink may cancel, or ask for a pause, within its write.
    while (this.#sink !== undefined && this.#chunks.length > 0) {
      if (!this.#sink.write(this.#chunks.shift() as Uint8Array)) return;
    }
    if (this.#sink === undefined) return;
    const end = this.#end;
    this.#end = undefined;
    if (end === undefined) this.#source.resume();
    else end(this.#sink);
  }
}
