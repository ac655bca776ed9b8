// A cookie that keeps a client at one server. Its value is the server's URL under HMAC-SHA-256: it names a server to the
// gateways that hold the key, tells nobody else which, and no other value names one. So finding a server is one look into
// a map, and gateways that share the key agree without speaking.
import { createHmac } from 'node:crypto';
import type { StickyConfig } from '../config/model/upstreams.ts';
import { cookieValues } from '../http/cookies.ts';

/** 128 bits of the signature, as characters of base64url. */
const VALUE_LENGTH = 22;

export class Sticky<B extends { readonly id: string }> {
  readonly cookie: string;
  readonly #backends = new Map<string, B>();
  readonly #values = new Map<B, string>();

  /** `group`: the same server in another group has another value. */
  constructor({ cookie }: StickyConfig, secret: string, group: string, backends: readonly B[]) {
    this.cookie = cookie;
    for (const backend of backends) {
      const hmac = createHmac('sha256', secret).update(JSON.stringify(['sticky', group, backend.id]));
      const value = hmac.digest('base64url').slice(0, VALUE_LENGTH);
      this.#backends.set(value, backend);
      this.#values.set(backend, value);
    }
  }

  /** The server that the client has been with, by the first cookie that names one of these; undefined: none does. */
  find(headers: readonly string[]): B | undefined {
    for (const value of cookieValues(headers, this.cookie)) {
      // Some clients put quotes around what they were given (RFC 6265, 4.1.1).
      const backend = this.#backends.get(value.replace(/^"(.*)"$/, '$1'));
      if (backend !== undefined) return backend;
    }
    return undefined;
  }

  /** The Set-Cookie that brings the client back; it lives as long as the browser. */
  setCookie(backend: B): string {
    return `${this.cookie}=${this.#values.get(backend)}; Path=/; HttpOnly; Secure; SameSite=Lax`;
  }
}
