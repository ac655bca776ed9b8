// Node's own handle of a listening socket: what can be bound before anybody listens, sent to another process, and listened on
// there. It is what node:cluster works with.
import net, { type AddressInfo } from 'node:net';

export interface SocketHandle {
  /** 0, or an error of libuv's. */
  getsockname(into: Partial<AddressInfo>): number;
  close(): void;
}

type Create = (host: string | null, port: number, family: number, fd?: number, flags?: number) => SocketHandle | number;
const create = (net as unknown as { _createServerHandle: Create })._createServerHandle;

/** A number is an error of libuv's. That the port is taken is told with a delay: when the socket is asked for its name. */
export function bindSocket(host: string, port: number, family: 4 | 6): SocketHandle | number {
  return create(host, port, family, undefined, 0);
}

/** A socket that this process was given. */
export function openSocket(fd: number): SocketHandle | number {
  return create(null, 0, -1, fd);
}
