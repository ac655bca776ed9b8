// A client and a backend that have left HTTP: what either writes reaches the other, until one of them has ended.
import type { Duplex } from 'node:stream';
import type { Exchange } from './exchange.ts';
import { FrameWalk } from './frame-walk.ts';
import type { Tunnel } from './reply.ts';

/** How a protocol ends its side of a tunnel. */
export interface TunnelEnds {
  /** After what was written; the backend has closed. */
  finish(): void;
  /** At once: the backend broke, or nobody has said anything for too long. */
  breakOff(): void;
}

/** A close frame of the server's: 1001, it goes away (RFC 6455, 7.4.1). */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

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
  const frames = new FrameWalk();
  let isLeaving = false;
  const sayGoodbye = (): void => {
    client.write(GOING_AWAY);
    // The client's answer goes on to the backend, which closes then; what it says meanwhile nobody may hear any more.
    socket.removeListener('data', passFrame);
    socket.resume();
  };
  /** What is left of the frame that is under way. */
  const passFrame = (chunk: Buffer): void => {
    const end = frames.toEnd(chunk);
    if (!client.write(chunk.subarray(0, end))) {
      socket.pause();
      client.once('drain', () => socket.resume());
    }
    if (frames.isBetween) sayGoodbye();
  };
  x.whenTold = () => {
    x.whenTold = undefined;
    isLeaving = true;
    socket.unpipe(client);
    if (frames.isBetween) sayGoodbye();
    else {
      socket.on('data', passFrame);
      socket.resume();
    }
  };
  client.on('data', (chunk: Buffer) => {
    x.bytesIn += chunk.length;
    x.connection.bodyBytes += chunk.length;
    idle.refresh();
  });
  socket.on('data', (chunk: Buffer) => {
    x.bytesOut += chunk.length;
    if (!isLeaving) frames.pass(chunk);
    idle.refresh();
  });
  socket.on('error', () => ends.breakOff());
  client.on('error', () => socket.destroy());
  // What one side wrote before it closed still reaches the other.
  socket.once('close', () => ends.finish());
  client.once('close', () => {
    x.whenTold = undefined;
    clearTimeout(idle);
    socket.destroySoon();
    resolve();
  });
  socket.pipe(client);
  client.pipe(socket);
  return promise;
}
