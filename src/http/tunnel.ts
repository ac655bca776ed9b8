// A client and a backend that have left HTTP: what either writes reaches the other, until one of them has ended.
import type { Duplex } from 'node:stream';
import type { Exchange } from './exchange.ts';
import type { Tunnel } from './reply.ts';

/** How a protocol ends its side of a tunnel. */
export interface TunnelEnds {
  /** After what was written; the backend has closed. */
  finish(): void;
  /** At once: the backend broke, or nobody has said anything for too long. */
  breakOff(): void;
}

/** Resolves when the client's side is closed. */
export function joinTunnel(
  x: Exchange,
  client: Duplex,
  { socket, head, idleMs }: Tunnel,
  ends: TunnelEnds,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const idle = setTimeout(() => {
    x.reason = 'tunnel-idle';
    socket.destroy();
    ends.breakOff();
  }, idleMs).unref();
  if (head.length > 0) socket.unshift(head);
  client.on('data', (chunk: Buffer) => {
    x.bytesIn += chunk.length;
    x.connection.bodyBytes += chunk.length;
    idle.refresh();
  });
  socket.on('data', (chunk: Buffer) => {
    x.bytesOut += chunk.length;
    idle.refresh();
  });
  socket.on('error', () => ends.breakOff());
  client.on('error', () => socket.destroy());
  // What one side wrote before it closed still reaches the other.
  socket.once('close', () => ends.finish());
  client.once('close', () => {
    clearTimeout(idle);
    socket.destroySoon();
    resolve();
  });
  socket.pipe(client);
  client.pipe(socket);
  return promise;
}
