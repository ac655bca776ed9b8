// A body whose beginning is looked at before anything of it goes on: gathered up to a bound, then replayed from the
// first byte, with the rest streaming behind. Never more than the bound and one chunk in memory.
import type { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from './body.ts';

export interface Gathered {
  /** At most the bound. */
  readonly bytes: Buffer;
  /** True when there was more than the bound. */
  readonly isPrefix: boolean;
  /** Flat field list; empty for a prefix: they come later, with the rest that nobody looks at. */
  readonly trailers: readonly string[];
}

const EMPTY = Buffer.alloc(0);

export class GatheredBody implements BodySource, BodySink {
  readonly length: number | undefined;
  readonly #source: BodySource;
  readonly #boundBytes: number;
  readonly #gathered = Promise.withResolvers<Gathered>();
  /** What came and was not taken yet; the first `#heldBytes` of it. One piece, since a client can send a byte at a time. */
  #held: Buffer = EMPTY;
  #heldBytes = 0;
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
    if (this.#heldBytes > 0 || this.#end !== undefined) this.#replay();
    else this.#source.resume();
  }

  cancel(): void {
    this.#sink = undefined;
    this.#held = EMPTY;
    this.#heldBytes = 0;
    this.#source.cancel();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#sink !== undefined) return this.#sink.write(chunk);
    this.#hold(chunk);
    if (this.#heldBytes <= this.#boundBytes) return true;
    this.#settle(true);
    return false;
  }

  end(trailers: readonly string[]): void {
    if (this.#sink !== undefined) {
      this.#sink.end(trailers);
      return;
    }
    this.#end = (sink) => sink.end(trailers);
    this.#settle(false, trailers);
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

  /** A body that comes in one chunk is never copied; otherwise room doubles, so that no byte is copied often. */
  #hold(chunk: Uint8Array): void {
    const bytes = this.#heldBytes + chunk.length;
    if (this.#heldBytes === 0) {
      this.#held = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    } else {
      if (bytes > this.#held.length) {
        const grown = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#held.length));
        this.#held.copy(grown, 0, 0, this.#heldBytes);
        this.#held = grown;
      }
      this.#held.set(chunk, this.#heldBytes);
    }
    this.#heldBytes = bytes;
  }

  #settle(isPrefix: boolean, trailers: readonly string[] = []): void {
    if (!this.#isGathering) return;
    this.#isGathering = false;
    const bytes = this.#held.subarray(0, Math.min(this.#heldBytes, this.#boundBytes));
    this.#gathered.resolve({ bytes, isPrefix, trailers });
  }

  #replay(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    if (this.#heldBytes > 0) {
      const held = this.#held.subarray(0, this.#heldBytes);
      this.#held = EMPTY;
      this.#heldBytes = 0;
      // The sink may ask for a pause, or cancel, within its write.
      if (!sink.write(held) || this.#sink === undefined) return;
    }
    const end = this.#end;
    this.#end = undefined;
    if (end === undefined) this.#source.resume();
    else end(sink);
  }
}
