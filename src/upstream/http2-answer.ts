// The body of an answer of an HTTP/2 backend on its way to the client: whole only when the backend has said so, or when all
// is there that it declared.
import http2, { type ClientHttp2Stream } from 'node:http2';
import { GatehouseError } from '../base/errors.ts';
import { headerValue } from '../http/headers.ts';
import type { BodyFaults } from '../http/readable-body.ts';
import { ReadableBody } from '../http/readable-body.ts';
import type { Call } from './call.ts';

const { NGHTTP2_NO_ERROR } = http2.constants;

/** What an answer is made of besides its stream. */
export interface AnswerParts {
  readonly fields: readonly string[];
  readonly trailers: () => readonly string[];
  /** Whether END_STREAM has come. */
  readonly hasEnded: () => boolean;
  /** Why it was given up. */
  readonly failure: () => GatehouseError | undefined;
  readonly clock: NodeJS.Timeout;
  /** Longest silence. */
  readonly timeoutMs: number;
}

export const answerFaults: BodyFaults = {
  closed: () => new GatehouseError('upstream_closed', 'upstream', 'the backend broke off within its answer'),
  stalled: (ms) => {
    return new GatehouseError('upstream_timeout', 'upstream', `no byte from the backend for ${ms} ms`, { status: 504 });
  },
  tooLarge: () => new GatehouseError('upstream_protocol', 'upstream', 'the answer is over its bound'),
};

export function answerBody(stream: ClientHttp2Stream, call: Call, parts: AnswerParts): ReadableBody {
  const { fields, failure, clock } = parts;
  const declared = headerValue(fields, 'content-length');
  const expectedBytes = declared === undefined || call.method === 'HEAD' ? undefined : Number(declared);
  const isEvents = headerValue(fields, 'content-type')?.startsWith('text/event-stream') === true;
  // A long call has one clock for both directions.
  const hasClock = call.streamMs !== undefined;
  const body: ReadableBody = new ReadableBody(stream, {
    // Unknown to the reader even when declared: over HTTP/2 trailers may follow a counted body.
    length: undefined,
    expectedBytes,
    stallMs: isEvents || hasClock ? 0 : parts.timeoutMs,
    limitBytes: Number.POSITIVE_INFINITY,
    faults: { ...answerFaults, closed: () => failure() ?? answerFaults.closed() },
    trailers: parts.trailers,
    ...(hasClock ? { onBytes: () => clock.refresh() } : {}),
    // A server whose handler has not read its request may reset the stream, without an error, before END_STREAM has left.
    isComplete: () => parts.hasEnded() || (body.received === expectedBytes && stream.rstCode === NGHTTP2_NO_ERROR),
    onCancel: () => abandon(stream),
  });
  return body;
}

/**
 * Watches for END_STREAM (RFC 9113, 8.1), and must be called before the first frame can come. Node ends the readable side
 * of a stream that was reset without an error, or whose connection broke after GOAWAY, just as that of a whole one, and
 * keeps no mark of it; but it has closed the stream by then, and at END_STREAM it has not.
 */
export function watchEnd(stream: ClientHttp2Stream): () => boolean {
  let hasEnded = false;
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null && !stream.closed) hasEnded = true;
    return push(chunk, encoding);
  };
  return () => hasEnded;
}

/** Not close(code): Node ends the writable side first, and END_STREAM makes half a request look whole. */
export function abandon(stream: ClientHttp2Stream): void {
  stream.destroy(new Error('given up'));
}
