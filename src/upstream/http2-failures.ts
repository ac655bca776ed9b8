// The ways a call over HTTP/2 fails before its answer, and when the same call may be sent again.
import http2, { type ClientHttp2Stream } from 'node:http2';
import { GatehouseError } from '../base/errors.ts';
import type { Call } from './call.ts';
import { mayRepeat } from './http1/failures.ts';

const { NGHTTP2_REFUSED_STREAM } = http2.constants;

/** What a connection knows of its server when one of its streams has closed. */
export interface Circumstances {
  readonly origin: string;
  /** It has not said goodbye. */
  readonly isOpen: boolean;
  /** It has answered a call on this connection. */
  readonly hasAnswered: boolean;
  /** From GOAWAY: streams beyond it were not worked on (RFC 9113, 6.8). */
  readonly lastStreamId: number;
}

/** The stream has closed, and no head has come. */
export function closedEarly(
  call: Call,
  { id, rstCode }: ClientHttp2Stream,
  { origin, isOpen, hasAnswered, lastStreamId }: Circumstances,
): GatehouseError {
  const message = `${origin} closed the stream before its answer (HTTP/2 code ${rstCode})`;
  // Both promise that nothing was done with the request (RFC 9113, 8.7). A refusal means that another server has more
  // room, unless this one just says goodbye.
  if (rstCode === NGHTTP2_REFUSED_STREAM) {
    call.wasRefused = isOpen;
    return notDone(isOpen ? 'upstream_busy' : 'upstream_closed', message, call);
  }
  if (id === undefined || id > lastStreamId) return notDone('upstream_closed', message, call);
  const retry = mayRepeat(call, hasAnswered, false);
  return new GatehouseError('upstream_closed', 'upstream', message, { retry });
}

/** The session ended, or said goodbye, after it was chosen. */
export function sessionEnded(origin: string, cause: unknown): GatehouseError {
  const message = `the connection to ${origin} has ended`;
  return new GatehouseError('upstream_closed', 'upstream', message, { retry: true, cause });
}

export function misspoken(what: string): GatehouseError {
  return new GatehouseError('upstream_protocol', 'upstream', `the backend's answer has ${what}`);
}

/** `settingsMs`: how long its SETTINGS were waited for. */
export function neverReady(origin: string, settingsMs: number, cause: Error | undefined): GatehouseError {
  const what = cause?.message ?? `it closed the connection, or was silent for ${settingsMs} ms`;
  const message = `${origin} has not come to its SETTINGS: ${what}`;
  return new GatehouseError('upstream_connect', 'upstream', message, { retry: true, cause });
}

/** Safe to send again, unless some of the body has been read and not kept. */
function notDone(code: 'upstream_busy' | 'upstream_closed', message: string, call: Call): GatehouseError {
  const status = code === 'upstream_busy' ? 503 : 502;
  return new GatehouseError(code, 'upstream', message, { status, retry: !call.isBodyLost });
}
