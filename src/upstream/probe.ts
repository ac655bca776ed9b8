// One question to a server whether it is well, over a connection of its own: that it still takes connections is half of
// the answer.
import type { HealthConfig } from '../config/model/upstreams.ts';
import { isWhole } from '../http/reply.ts';
import { Call } from './call.ts';
import type { Dialer } from './dialer.ts';
import { Http1Connection } from './http1/connection.ts';
import { Http2Connection } from './http2.ts';

/** How a check calls itself: applications leave it out of their statistics. */
const FIELDS = ['user-agent', 'Gatehouse-Health', 'accept', '*/*'];

/** What is wrong with the server; undefined when it is well. Never rejects. */
export async function probe(dialer: Dialer, health: HealthConfig, signal: AbortSignal): Promise<string | undefined> {
  const { url } = dialer;
  const deadline = performance.now() + health.timeoutMs;
  let close = (): void => {};
  try {
    const { socket, protocol } = await dialer.dial(health.timeoutMs, { isBackground: true });
    close = () => socket.destroy();
    signal.throwIfAborted();
    signal.addEventListener('abort', close);
    const timeoutMs = Math.max(1, deadline - performance.now());
    const connection =
      protocol === 'h2'
        ? new Http2Connection(socket, {
            origin: url.origin,
            timeoutMs,
            settingsMs: timeoutMs,
            bearable: { streams: 1 },
            onReady: nothing,
            onClose: nothing,
            onRoom: nothing,
          }).claim()
        : new Http1Connection(socket, { timeoutMs });
    const path = `${url.pathname.replace(/\/$/, '')}${health.path}`;
    const { status, body } = await connection.send(new Call('GET', path, authority(url, health), FIELDS, undefined));
    if (body !== undefined && !isWhole(body)) body.cancel();
    if (health.expect.some(({ from, to }) => status >= from && status <= to)) return undefined;
    return `answered ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

function nothing(): void {}

function authority({ host, port }: URL, health: HealthConfig): string {
  if (health.host === undefined) return host;
  return port === '' ? health.host : `${health.host}:${port}`;
}
