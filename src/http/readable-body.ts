// A Node stream as a body source: counted, bounded, and timed while the gateway is ready to read.
import type { Readable } from 'node:stream';
import type { GatehouseError } from '../base/errors.ts';
import { leavesBehind } from '../base/young-garbage.ts';
import type { BodySink, BodySource } from './body.ts';

export interface ReadableBodyOptions {
  /** From Content-Length; undefined when the end of the stream will tell. */
  readonly length: number | undefined;
  /** What must have come at the end, where that was declared; less is a body that broke off. */
  readonly expectedBytes?: number | undefined;
  /** Longest silence while the gateway is ready to read; 0: any. */
  readonly stallMs: number;
  /** More bytes than this and the body fails with `faults.tooLarge`. */
  readonly limitBytes: number;
  readonly faults: BodyFaults;
  /** Before the first byte is asked for. */
  readonly onStart?: () => void;
  readonly onBytes?: (count: number) => void;
  /** Nobody wants the rest. */
  readonly onCancel?: () => void;
  /** Whether nothing can come but what waits in the stream: a small body is taken as a whole then, and no stream flows. */
  readonly hasAllCome?: () => boolean;
  /** Asked at the end: Node ends the readable side of a reset HTTP/2 stream as if it were whole. */
  readonly isComplete?: () => boolean;
  /** Read at the end: flat field list. */
  readonly trailers: () => readonly string[];
}

/** What a broken body is called on its side of the gateway. */
export interface BodyFaults {
  closed(): GatehouseError;
  stalled(ms: number): GatehouseError;
  tooLarge(): GatehouseError;
}

export class ReadableBody implements BodySource {
  readonly length: number | undefined;
  readonly #stream: Readable;
  readonly #options: ReadableBodyOptions;
  #sink: BodySink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #received = 0;
  #hasEnded = false;
  #isReading = false;
  /** Why it was given up before anybody read it. */
  #fault: GatehouseError | undefined;

  constructor(stream: Readable, options: ReadableBodyOptions) {
    this.length = options.length;
    this.#stream = stream;
    this.#options = options;
  }

  /** Whether its last byte has come, read or not. */
  get isWhole(): boolean {
    const { hasAllCome, isComplete } = this.#options;
    return this.#hasEnded || (hasAllCome ?? isComplete)?.() === true;
  }

  /** Bytes so far. */
  get received(): number {
    return this.#received;
  }

  /** Nothing more is to come. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whoever takes the body has no room for more of it. */
  get isHeldBack(): boolean {
    return this.#sink !== undefined && !this.#isReading;
  }

  /** The gateway is ready to read, and there is more to come. */
  get isAwaited(): boolean {
    return this.#isReading;
  }

  start(sink: BodySink): void {
    const stream = this.#stream;
    this.#sink = sink;
    if (this.#fault !== undefined) {
      this.#fail(this.#fault);
      return;
    }
    // Node ends an empty HTTP/2 body before anybody listens, and does not say so again.
    if (stream.readableEnded) {
      this.#onEnd();
      return;
    }
    if (stream.destroyed) {
      this.#fail(this.#options.faults.closed());
      return;
    }
    if (this.#takeWhole(sink)) return;
    this.#options.onStart?.();
    this.#watch();
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.on('aborted', this.#onClose);
    stream.on('close', this.#onClose);
  }

  resume(): void {
    if (this.#sink === undefined) return;
    this.#watch();
    this.#stream.resume();
  }

  cancel(): void {
    const isOpen = !this.#hasEnded;
    this.#leave();
    if (isOpen) this.#options.onCancel?.();
  }

  /** Gives the body up: whoever reads it learns why, and what stands behind it is freed. */
  protected fail(error: GatehouseError): void {
    this.#fault = error;
    this.#fail(error);
    this.#options.onCancel?.();
  }

  /** The stream's end is not read: HTTP/2 streams that are read to their end are closed before their answer is written. */
  #takeWhole(sink: BodySink): boolean {
    const { hasAllCome, limitBytes, onBytes, trailers } = this.#options;
    const { length } = this;
    if (hasAllCome === undefined || length === undefined || length === 0 || length > limitBytes) return false;
    if (this.#stream.readableLength !== length || !hasAllCome()) return false;
    const bytes = this.#stream.read(length) as Buffer;
    this.#received = length;
    this.#hasEnded = true;
    onBytes?.(length);
    sink.write(bytes);
    // Its writing may have ended in a cancel.
    if (this.#sink === undefined) return true;
    this.#sink = undefined;
    sink.end(trailers());
    return true;
  }

  #watch(): void {
    this.#isReading = true;
    clearTimeout(this.#timer);
    const { stallMs, faults } = this.#options;
    if (stallMs === 0) return;
    this.#timer = setTimeout(() => this.fail(faults.stalled(stallMs)), stallMs);
    this.#timer.unref();
  }

  readonly #onData = (chunk: Buffer): void => {
    const { onBytes, limitBytes, faults } = this.#options;
    this.#received += chunk.length;
    leavesBehind(chunk.length);
    onBytes?.(chunk.length);
    if (this.#received > limitBytes) {
      this.fail(faults.tooLarge());
      return;
    }
    this.#timer?.refresh();
    if (this.#sink?.write(chunk) === false) {
      // While the other side is slow this one is not to blame: no silence is counted until resume().
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#isReading = false;
      this.#stream.pause();
    }
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    const { isComplete, trailers, faults, expectedBytes } = this.#options;
    if (isComplete?.() === false || (expectedBytes !== undefined && expectedBytes !== this.#received)) {
      this.#fail(faults.closed());
      return;
    }
    const sink = this.#sink;
    this.#leave();
    sink?.end(trailers());
  };

  readonly #onClose = (): void => this.#fail(this.#options.faults.closed());

  #fail(error: GatehouseError): void {
    const sink = this.#sink;
    this.#leave();
    sink?.fail(error);
  }

  #leave(): void {
    this.#sink = undefined;
    this.#isReading = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const stream = this.#stream;
    stream.off('data', this.#onData);
    stream.off('end', this.#onEnd);
    stream.off('aborted', this.#onClose);
    stream.off('close', this.#onClose);
    if (!this.#hasEnded) stream.pause();
  }
}
