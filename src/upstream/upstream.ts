// A named group of backends. Sends a call to one of them, and to another where that is safe.
import { GatehouseError } from '../base/errors.ts';
import type { UpstreamConfig } from '../config/config.ts';
import type { Reply } from '../http/reply.ts';
import { Backend } from './backend.ts';
import type { Balancer } from './balance.ts';
import { makeBalancer } from './balance.ts';
import type { Call } from './call.ts';
import type { UpgradeResult } from './http1/upgrade.ts';

export class Upstream {
  readonly backends: readonly Backend[];
  readonly #next: Balancer;

  constructor(config: UpstreamConfig, timeoutMs: number) {
    this.backends = config.servers.map((server) => new Backend(server, config, timeoutMs));
    this.#next = makeBalancer(config.balance, this.backends);
  }

  /**
   * Calls `makeCall` for the backend chosen and sends what it returns. When the failure says that the
   * backend did nothing with the request (no connection, a kept connection that had died), the next
   * backend is tried, each once; the same one once more when it was only the connection.
   */
  send(makeCall: (backend: Backend) => Call): Promise<Reply> {
    return this.#tryEach(async (backend) => backend.send(makeCall(backend)));
  }

  upgrade(makeCall: (backend: Backend) => Call, protocol: string): Promise<UpgradeResult> {
    return this.#tryEach(async (backend) => backend.upgrade(makeCall(backend), protocol));
  }

  close(): void {
    for (const backend of this.backends) backend.close();
  }

  async #tryEach<T>(attempt: (backend: Backend) => Promise<T>): Promise<T> {
    const tried: Backend[] = [];
    let last: unknown;
    for (let backend = this.#next(tried); backend !== undefined; backend = this.#next(tried)) {
      try {
        return await attemptTwice(backend, attempt);
      } catch (error) {
        if (!(error instanceof GatehouseError) || !error.retry) throw error;
        last = error;
        tried.push(backend);
      }
    }
    throw last;
  }
}

async function attemptTwice<T>(backend: Backend, attempt: (backend: Backend) => Promise<T>): Promise<T> {
  try {
    return await attempt(backend);
  } catch (error) {
    if (!(error instanceof GatehouseError && error.code === 'upstream_closed' && error.retry)) throw error;
    // Where one kept connection has died the others have too: the server was restarted.
    backend.dropIdle();
    return attempt(backend);
  }
}
