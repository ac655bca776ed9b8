// A connection from a balancer that speaks the PROXY protocol: it says for whom it comes before anything else is read.
import type { Socket } from 'node:net';
import type { Arrivals } from './arrivals.ts';
import type { Ends } from './connection.ts';
import { readProxyHeader } from './proxy-header.ts';

/**
 * `onHeader` gets whom it speaks for, undefined when for itself; what follows the header is left in the socket, which is
 * paused. One that does not say it, or not in time, is closed: nobody would know whose it is.
 */
export function awaitProxyHeader(
  socket: Socket,
  arrivals: Arrivals,
  headerMs: number,
  onHeader: (ends: Ends | undefined) => void,
): void {
  if (!arrivals.hold(socket)) return;
  let bytes: Buffer = Buffer.alloc(0);
  const refuse = (): void => {
    arrivals.noteClosure('proxy-protocol');
    socket.destroy();
  };
  const timer = setTimeout(refuse, headerMs).unref();
  const onError = (): void => void socket.destroy();
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const header = readProxyHeader(bytes);
    if (header === 'more') return;
    stop();
    if (header === 'malformed') {
      refuse();
      return;
    }
    socket.pause();
    if (header.size < bytes.length) socket.unshift(bytes.subarray(header.size));
    arrivals.release(socket);
    onHeader(header.ends);
  };
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('error', onError);
    socket.off('close', stop);
  };
  socket.on('data', onData);
  socket.on('error', onError);
  socket.once('close', stop);
}
