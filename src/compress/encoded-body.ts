// A body that is encoded on its way. What has come is sent on within a moment, so that answers which come bit by bit still do;
// neither side is let run ahead of the other.
import type { Transform } from 'node:stream';
import { GatehouseError } from '../base/errors.ts';
import type { BodySink, BodySource } from '../http/body.ts';

/** How long encoded bytes may be held back for more of the body to come. */
const FLUSH_MS = 10;

export class EncodedBody implements BodySource, BodySink {
  readonly length: undefined = undefined;
  readonly #source: BodySource;
  readonly #stream: Transform & { flush(): void };
  readonly #onOver: () => void;
  #sink: BodySink | undefined;
  #trailers: readonly string[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** `onOver`: once, however it ends. */
  constructor(source: BodySource, stream: Transform & { flush(): void }, onOver: () => void) {
    this.#source = source;
    this.#stream = stream;
    this.#onOver = onOver;
  }

  start(sink: BodySink): void {
    const stream = this.#stream;
    this.#sink = sink;
    stream.on('data', (chunk: Buffer) => {
      if (this.#sink?.write(chunk) === false) stream.pause();
    });
    stream.on('drain', () => this.#source.resume());
    stream.on('end', () => this.#finish((to) => to.end(this.#trailers)));
    stream.on('error', (cause) => {
      this.#source.cancel();
      const error = new GatehouseError('internal', 'gateway', 'an answer could not be encoded', { cause });
      this.#finish((to) => to.fail(error));
    });
    this.#source.start(this);
  }

  resume(): void {
    this.#stream.resume();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#finish(() => {});
    this.#source.cancel();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return false;
    const hasRoom = this.#stream.write(chunk);
    // Counted from the first byte that is held back: what never rests would else be held back for ever.
    this.#flushTimer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
    return hasRoom;
  }

  end(trailers: readonly string[]): void {
    if (this.#isOver) return;
    clearTimeout(this.#flushTimer);
    this.#trailers = trailers;
    this.#stream.end();
  }

  fail(error: GatehouseError): void {
    this.#finish((to) => to.fail(error));
  }

  #flush(): void {
    this.#flushTimer = undefined;
    if (!this.#isOver && !this.#stream.writableEnded) this.#stream.flush();
  }

  #finish(tell: (sink: BodySink) => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#flushTimer);
    const sink = this.#sink;
    this.#sink = undefined;
    this.#stream.destroy();
    this.#onOver();
    if (sink !== undefined) tell(sink);
  }
}
