// The body of a request on its way into a stream to an HTTP/2 backend, with its trailers.
import type { ClientHttp2Stream } from 'node:http2';
import { GatehouseError } from '../base/errors.ts';
import type { BodySource } from '../http/body.ts';
import { headersObject } from '../http/headers.ts';
import type { Call } from './call.ts';
import { requestTrailers } from './request-head.ts';

/** What a request's body tells its call. */
export interface UploadEvents {
  /** So many bytes went out, or there is room for more. */
  progressed(bytes: number): void;
  /** The request cannot be completed; the stream must be reset. */
  fail(error: GatehouseError): void;
}

export function upload(call: Call, body: BodySource, stream: ClientHttp2Stream, events: UploadEvents): void {
  call.isBodyTaken = true;
  let trailers: readonly string[] = [];
  if (body.length === undefined) {
    stream.once('wantTrailers', () => {
      const passable = requestTrailers(trailers);
      try {
        // Empty ones end the request with an empty DATA frame; close() would reset the stream, and with it the answer.
        stream.sendTrailers(headersObject(passable));
      } catch (cause) {
        events.fail(new GatehouseError('bad_request', 'client', 'a trailer of the request cannot be sent', { cause }));
      }
    });
  }
  stream.on('drain', () => {
    events.progressed(0);
    body.resume();
  });
  // The backend has answered or left: what is still to come of the request has no reader.
  stream.once('close', () => body.cancel());
  body.start({
    write(chunk) {
      events.progressed(chunk.length);
      return !stream.destroyed && !stream.closed && stream.write(chunk);
    },
    end(fields) {
      events.progressed(0);
      trailers = fields;
      stream.end();
    },
    fail: (error) => events.fail(error),
  });
}
