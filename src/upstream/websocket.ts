// The WebSocket handshake with a backend (RFC 6455, 4), on behalf of a client whose own had no key: over HTTP/2 there is
// none (RFC 8441, 5), so the gateway asks, and checks that it was a WebSocket server that agreed.
import { createHash, randomBytes } from 'node:crypto';
import { GatehouseError } from '../base/errors.ts';
import type { Headers } from '../http/headers.ts';
import { headerValue, removeHeader, setHeader } from '../http/headers.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export class Handshake {
  readonly #key = randomBytes(16).toString('base64');

  /** Into the request's fields. */
  ask(fields: Headers): void {
    setHeader(fields, 'sec-websocket-key', this.#key);
  }

  /** Out of the fields of the 101 again; throws when they do not answer the key. */
  check(fields: Headers): void {
    const accept = createHash('sha1').update(`${this.#key}${GUID}`).digest('base64');
    if (headerValue(fields, 'sec-websocket-accept') !== accept) {
      throw new GatehouseError('upstream_protocol', 'upstream', "the backend's 101 does not answer the WebSocket key");
    }
    removeHeader(fields, 'sec-websocket-accept');
  }
}

/** A 2xx that is no switch: to a client that sent CONNECT it would say that the tunnel stands. */
export function notSwitched(status: number): GatehouseError {
  return new GatehouseError(
    'upstream_protocol',
    'upstream',
    `the backend answered a WebSocket handshake with ${status}`,
  );
}
