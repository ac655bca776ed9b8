// The WebSocket handshake with a backend (RFC 6455, 4): the gateway checks both sides of it, since what follows a 101 is
// seen by nobody. Over HTTP/2 a client has no key (RFC 8441, 5), so the gateway asks with its own.
import { createHash, randomBytes } from 'node:crypto';
import { GatehouseError } from '../base/errors.ts';
import type { Headers } from '../http/headers.ts';
import { headerValue, headerValues, removeHeader, setHeader } from '../http/headers.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const VERSION = '13';
/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

export class Handshake {
  readonly #key: string;
  /** The client has sent none. */
  readonly isOurs: boolean;

  private constructor(key: string, isOurs: boolean) {
    this.#key = key;
    this.isOurs = isOurs;
  }

  /** For a client of HTTP/2: a key of our own goes into the request's fields. */
  static begin(fields: Headers): Handshake {
    const key = randomBytes(16).toString('base64');
    setHeader(fields, 'sec-websocket-key', key);
    return new Handshake(key, true);
  }

  /** By the key of a client of HTTP/1.1; throws when its request is no handshake (RFC 6455, 4.2.1). */
  static carryOn(fields: Headers): Handshake {
    const [key = '', ...more] = headerValues(fields, 'sec-websocket-key');
    const versions = headerValues(fields, 'sec-websocket-version');
    if (more.length > 0 || !KEY.test(key) || versions.length !== 1 || versions[0] !== VERSION) {
      const message = 'the request asks for a WebSocket and has no good key, or another version than 13';
      throw new GatehouseError('bad_request', 'client', message);
    }
    return new Handshake(key, false);
  }

  /** The fields of the 101; throws when they do not answer the key. */
  check(fields: Headers): void {
    const accept = createHash('sha1').update(`${this.#key}${GUID}`).digest('base64');
    if (headerValue(fields, 'sec-websocket-accept') !== accept) {
      throw new GatehouseError('upstream_protocol', 'upstream', "the backend's 101 does not answer the WebSocket key");
    }
    if (this.isOurs) removeHeader(fields, 'sec-websocket-accept');
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
