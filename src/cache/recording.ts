// An answer's body on its way to those who wait for it and into the store. While it is kept it is read as fast as the
// backend sends, however slow its readers are; one that grows over the bound is passed on and forgotten.
import type { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from '../http/body.ts';

export interface RecordingOptions {
  readonly maxBytes: number;
  /** Asks for memory; false: there is none. */
  readonly reserve: (bytes: number) => boolean;
  readonly release: (bytes: number) => void;
  /** Once, with the whole body; undefined: there is nothing to keep. */
  readonly onEnd: (body: Buffer | undefined) => void;
}

export class Recording implements BodySink {
  readonly #source: BodySource;
  readonly #options: RecordingOptions;
  readonly #readers = new Set<Reader>();
  /** All that came while it is kept; afterwards what a slow reader has not taken. */
  chunks: Uint8Array[] = [];
  #bytes = 0;
  #reserved = 0;
  #isKept = true;
  /** How it ended. */
  ending: ((sink: BodySink) => void) | undefined;

  constructor(source: BodySource, options: RecordingOptions) {
    this.#source = source;
    this.#options = options;
    const { length } = source;
    if (length !== undefined && length > 0) this.#keep(length);
  }

  /** The body's length is known and there is room for it: any number may read while it comes. */
  get isShareable(): boolean {
    return this.#isKept && this.#source.length !== undefined;
  }

  get isKept(): boolean {
    return this.#isKept;
  }

  get length(): number | undefined {
    return this.#source.length;
  }

  start(): void {
    this.#source.start(this);
  }

  /** From the first byte on. `onLeave`: it has gone before the end. */
  reader(onLeave: () => void): BodySource {
    const reader = new Reader(this, onLeave);
    this.#readers.add(reader);
    return reader;
  }

  /** Nobody wants it any more. */
  cancel(): void {
    if (this.ending !== undefined) return;
    this.ending = () => {};
    this.#source.cancel();
    this.#finish(undefined);
  }

  write(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length;
    this.chunks.push(chunk);
    if (this.#isKept && !this.#keep(this.#bytes)) {
      this.#isKept = false;
      this.#options.onEnd(undefined);
    }
    for (const reader of this.#readers) reader.pump();
    if (this.#isKept) return true;
    if (this.#readers.size === 0) this.cancel();
    this.#forget();
    return this.chunks.length === 0;
  }

  end(trailers: readonly string[]): void {
    this.ending = (sink) => sink.end(trailers);
    this.#finish(this.#isKept ? whole(this.chunks, this.#bytes) : undefined);
    for (const reader of this.#readers) reader.pump();
  }

  fail(error: GatehouseError): void {
    this.ending = (sink) => sink.fail(error);
    this.#finish(undefined);
    for (const reader of this.#readers) reader.pump();
  }

  /** Of a reader: it has taken all there is. */
  drained(): void {
    if (this.#isKept || this.ending !== undefined) return;
    this.#forget();
    if (this.chunks.length === 0) this.#source.resume();
  }

  leave(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.ending !== undefined) return;
    if (!this.#isKept && this.#readers.size === 0) this.cancel();
  }

  done(reader: Reader): void {
    this.#readers.delete(reader);
  }

  #keep(bytes: number): boolean {
    if (bytes <= this.#reserved) return true;
    if (bytes <= this.#options.maxBytes && this.#options.reserve(bytes - this.#reserved)) {
      this.#reserved = bytes;
      return true;
    }
    this.#isKept = false;
    this.#giveBack();
    return false;
  }

  #giveBack(): void {
    this.#options.release(this.#reserved);
    this.#reserved = 0;
  }

  #finish(body: Buffer | undefined): void {
    this.#giveBack();
    if (this.#isKept) this.#options.onEnd(body);
    this.#isKept = false;
  }

  /** What the only reader has taken. */
  #forget(): void {
    const [reader] = this.#readers;
    if (reader === undefined) return;
    this.chunks.splice(0, reader.taken);
    reader.taken = 0;
  }
}

class Reader implements BodySource {
  readonly length: number | undefined;
  readonly #recording: Recording;
  readonly #onLeave: () => void;
  #sink: BodySink | undefined;
  #isPaused = false;
  #isPumping = false;
  /** Chunks. */
  taken = 0;

  constructor(recording: Recording, onLeave: () => void) {
    this.length = recording.length;
    this.#recording = recording;
    this.#onLeave = onLeave;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.resume();
  }

  resume(): void {
    this.#isPaused = false;
    this.pump();
    if (!this.#isPaused && this.#sink !== undefined) this.#recording.drained();
  }

  cancel(): void {
    this.#sink = undefined;
    this.#recording.leave(this);
    this.#onLeave();
  }

  pump(): void {
    // A sink may ask for more, or leave, within its write.
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { chunks } = this.#recording;
    while (this.#sink !== undefined && !this.#isPaused && this.taken < chunks.length) {
      const chunk = chunks[this.taken++] as Uint8Array;
      if (!this.#sink.write(chunk)) this.#isPaused = true;
    }
    this.#isPumping = false;
    const { ending: end } = this.#recording;
    if (this.#sink === undefined || this.#isPaused || end === undefined || this.taken < chunks.length) return;
    const sink = this.#sink;
    this.#sink = undefined;
    this.#recording.done(this);
    end(sink);
  }
}

/** One piece that holds no more memory than it has bytes. */
function whole(chunks: readonly Uint8Array[], bytes: number): Buffer {
  const body = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
