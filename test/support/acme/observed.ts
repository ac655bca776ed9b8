// What the CA saw, and a way to wait for it without looking again and again.
import { EventEmitter, once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Fault } from './faults.ts';

export type Endpoint =
  | 'directory'
  | 'newNonce'
  | 'newAccount'
  | 'account'
  | 'orders'
  | 'newOrder'
  | 'order'
  | 'authz'
  | 'challenge'
  | 'finalize'
  | 'certificate'
  | 'revokeCert'
  | 'renewalInfo';

export interface CaRequest {
  readonly endpoint: Endpoint;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly at: Date;
  /** What was signed, whether the signature is good or not. Undefined: nothing, as in a GET. */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
  /** The account's URL, as the client says. */
  readonly account: string | undefined;
  readonly fault: Fault | undefined;
  /** Once it is answered. */
  readonly status: number | undefined;
  /** The problem it was answered with. */
  readonly problem: Readonly<Record<string, unknown>> | undefined;
}

const WAIT_MS = 20_000;

export class Changes {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  /** Something has changed that somebody may wait for. */
  readonly tell = (): void => void this.#emitter.emit('change');

  /** The first thing that `look` finds; it is asked again after each change. Rejects after `timeoutMs`. */
  async until<T>(look: () => T | undefined | null | false, timeoutMs = WAIT_MS): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const found = look();
      if (found !== undefined && found !== null && found !== false) return found;
      try {
        await once(this.#emitter, 'change', { signal });
      } catch {
        throw new Error(`awaited for ${timeoutMs} ms and not seen: ${look.toString()}`);
      }
    }
  }
}
