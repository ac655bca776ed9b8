// Bodies on the move, in either direction and over either protocol: a source pushes into a sink
// and stops when the sink says so. Nothing here buffers more than the one chunk in hand.
import type { GatehouseError } from '../base/errors.ts';

/** A callback of a write: without an error nobody reads the chunk any more. Called once at most; never is harmless. */
export type Release = (error?: Error | null) => void;

/** Where the bytes of a body go. Exactly one of `end` and `fail` is called, and nothing after it. */
export interface BodySink {
  /**
   * Takes a chunk. False asks the source to stop until it is resumed. The chunk belongs to the
   * sink: a source that reuses its read buffer hands over a copy. With `release` it belongs to the sink until that is
   * called: the bytes are overwritten then. Whoever keeps a chunk, or hands it on to others, does not call or pass it.
   */
  write(chunk: Uint8Array, release?: Release): boolean;
  /** The body is complete. `trailers` is a flat field list, usually empty. */
  end(trailers: readonly string[]): void;
  /** The body breaks off here; what was written is not the whole. */
  fail(error: GatehouseError): void;
}

/** A body yet to come. Nothing flows before `start`, which is called at most once. */
export interface BodySource {
  /** In bytes; undefined when only the end of the body will tell. */
  readonly length: number | undefined;
  /** Begins to push; the sink may be called before this returns. */
  start(sink: BodySink): void;
  /** The sink has room again after a `write` that returned false. */
  resume(): void;
  /**
   * Nobody wants the rest. Frees what stands behind the source at once; the sink hears nothing more. Harmless after the
   * end.
   */
  cancel(): void;
}
