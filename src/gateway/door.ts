// An address that is listened on. The server behind it can be replaced while the address stays open: no client ever finds
// it shut, and connections stay with the server that they came to.
import type { Server } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import net from 'node:net';
import { GatehouseError } from '../base/errors.ts';
import type { ListenAddress } from '../config/config.ts';
import type { ListenTarget } from './fellows.ts';

/** Takes sockets by 'connection' events and never listens itself. */
export type DoorServer = Http2SecureServer | Server;

export type Admit = (socket: Socket, take: () => void) => void;

export class Door {
  readonly place: ListenAddress;
  readonly #listener: net.Server;
  #room: Room;

  private constructor(place: ListenAddress, listener: net.Server, server: DoorServer) {
    this.place = place;
    this.#listener = listener;
    this.#room = new Room(server);
  }

  /**
   * Resolves when the address is listened on; fails with a GatehouseError that says what to do. `admit` looks at each fresh
   * connection: it calls `take`, now or later, or closes it. `target`: what it listens on, where that is bound already.
   */
  static async open(
    place: ListenAddress,
    server: DoorServer,
    admit: Admit,
    target: ListenTarget = targetOf(place),
  ): Promise<Door> {
    // As Node's own servers have it: a client of plain HTTP/1.1 may close its side and wait for the answer.
    const listener = net.createServer({ allowHalfOpen: !('setTicketKeys' in server) });
    const door = new Door(place, listener, server);
    listener.on('connection', (socket: Socket) => {
      admit(socket, () => door.#room.take(socket));
    });
    await listenOn(listener, place, target);
    return door;
  }

  /** Where it really listens, port filled in. */
  get address(): AddressInfo {
    return this.#listener.address() as AddressInfo;
  }

  get server(): DoorServer {
    return this.#room.server;
  }

  /** From now on connections go to this server. The one before ends with its last connection. */
  replace(server: DoorServer): void {
    this.#room.leave();
    this.#room = new Room(server);
  }

  /** Nobody comes in any more; who is in stays. */
  close(): void {
    this.#listener.close();
    this.#room.leave();
  }
}

/** A server and the connections that it was given. */
class Room {
  readonly server: DoorServer;
  #taken = 0;
  #isLeft = false;

  constructor(server: DoorServer) {
    this.server = server;
    // Node begins to look for slow heads of HTTP/1.1 when a server listens, and this one never does.
    server.emit('listening');
  }

  take(socket: Socket): void {
    this.#taken++;
    socket.once('close', () => {
      this.#taken--;
      this.#closeWhenEmpty();
    });
    this.server.emit('connection', socket);
  }

  leave(): void {
    this.#isLeft = true;
    this.#closeWhenEmpty();
  }

  /** Ends what Node keeps going for a server. */
  #closeWhenEmpty(): void {
    if (this.#isLeft && this.#taken === 0) this.server.close();
  }
}

function targetOf({ host, port }: ListenAddress): ListenTarget {
  return { port, ...(host === undefined ? {} : { host }) };
}

/** The GatehouseError of an address that cannot be listened on. */
export function listenFault({ host, port }: ListenAddress, error: NodeJS.ErrnoException): GatehouseError {
  const message = `cannot listen on ${host ?? '*'}:${port}: ${LISTEN_FAULTS[error.code ?? ''] ?? error.message}`;
  return new GatehouseError('listen_failed', 'gateway', message, { cause: error });
}

function listenOn(listener: net.Server, place: ListenAddress, target: ListenTarget): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  listener.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(place, error)));
  listener.listen(target, () => {
    listener.removeAllListeners('error');
    // Out of file descriptors, for example: the clients wait in the queue of the kernel.
    listener.on('error', () => {});
    resolve();
  });
  return promise;
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this port; stop it or choose another under `listen`',
  EACCES:
    'ports below 1024 need a right: run as root, or `setcap cap_net_bind_service=+ep` on node, or choose a higher port',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'this name does not resolve to an address of this machine',
};
