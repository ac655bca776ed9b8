// A door in front of a server: the same port is open or shut while what is behind it keeps its state.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import net from 'node:net';

export class Door {
  readonly port: number;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: net.Server | undefined;

  private constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
  }

  /** Forwards TCP from one port of 127.0.0.1 to another. */
  static async open(port: number, target: number): Promise<Door> {
    const door = new Door(port, target);
    await door.up();
    return door;
  }

  /** Connections are refused, and those that were open are cut. */
  async down(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async up(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = net.createServer((socket) => this.#forward(socket));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  #forward(client: Socket): void {
    const behind = net.connect(this.#target, '127.0.0.1');
    for (const [socket, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
