// Our own client, through the backend that the gateway itself uses.
import { systemClock } from '../../../src/base/clock.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { BodySink, BodySource } from '../../../src/http/body.ts';
import type { Reply } from '../../../src/http/reply.ts';
import { isWhole } from '../../../src/http/reply.ts';
import { systemLookup } from '../../../src/upstream/addresses.ts';
import { Backend } from '../../../src/upstream/backend.ts';
import { Call } from '../../../src/upstream/call.ts';
import { HOST } from '../../rig/workspace.ts';
import type { Client } from './client.ts';
import { CONNECTIONS, FIELDS, unexpected } from './client.ts';

const TIMEOUT_MS = 60_000;

export function gatehouseHttp1(port: number): Client {
  const settings = `protocol: http1, maxConnections: ${CONNECTIONS}`;
  const text = `{ upstreams: { app: { servers: "http://127.0.0.1:${port}", ${settings} } }, sites: { a.test: { to: app } } }`;
  const upstream = parseConfig(text, { env: {} }).config?.upstreams.get('app');
  const server = upstream?.servers[0];
  if (upstream === undefined || server === undefined)
    throw new Error('the benchmark does not know the schema any more');
  const backend = new Backend(
    server,
    { ...upstream, timeoutMs: TIMEOUT_MS },
    { clock: systemClock, lookup: systemLookup },
  );
  return {
    async send({ method, path, body }): Promise<number> {
      const source = body === undefined ? undefined : new WholeBody(body);
      const reply = await backend.send(new Call(method, path, HOST, FIELDS, source));
      if (reply.status !== 200) throw unexpected(reply.status);
      return bytesOf(reply);
    },
    close: () => backend.close(),
  };
}

function bytesOf({ body }: Reply): number | Promise<number> {
  if (body === undefined) return 0;
  if (isWhole(body)) return body.length;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let bytes = 0;
  body.start({
    write(chunk): boolean {
      bytes += chunk.length;
      return true;
    },
    end: () => resolve(bytes),
    fail: reject,
  });
  return promise;
}

/** A body that is there as a whole, as the other clients get it. */
class WholeBody implements BodySource {
  readonly length: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.length = bytes.length;
    this.#bytes = bytes;
  }

  start(sink: BodySink): void {
    sink.write(this.#bytes);
    sink.end([]);
  }

  resume(): void {}

  cancel(): void {}
}
