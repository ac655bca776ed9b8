// The WebSockets that are open to one server: as many as may, whoever has them. When they are all taken, the client that has
// most of them loses its newest to one that has less.
import type { Socket } from 'node:net';
import { ByClient } from './by-client.ts';

/** One of them, from before its connection is made. */
export class Place {
  /** It went to another client. */
  isLost = false;
  #socket: Socket | undefined;

  /** The connection that is closed when the place is lost. */
  hold(socket: Socket): void {
    this.#socket = socket;
    if (this.isLost) socket.destroy();
  }

  lose(): void {
    this.isLost = true;
    this.#socket?.destroy();
  }
}

export class Tunnels {
  readonly #places = new ByClient<Place>();

  get size(): number {
    return this.#places.size;
  }

  /** A place, until `leave`; undefined: there is none for this client. */
  enter(client: string, maxTunnels: number): Place | undefined {
    if (this.#places.size >= maxTunnels) {
      const lost = this.#places.takeFor(client);
      if (lost === undefined) return undefined;
      lost.lose();
    }
    const place = new Place();
    this.#places.add(client, place);
    return place;
  }

  leave(client: string, place: Place): void {
    this.#places.remove(client, place);
  }
}
