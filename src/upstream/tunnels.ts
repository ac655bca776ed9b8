// The WebSockets that are open to one server: bounded in all, and for each client, so that nobody takes them all.

/** The part of them that one client may have. */
const CLIENT_SHARE = 0.5;

export class Tunnels {
  readonly #ofClient = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Why there is no room for one more of this client; undefined: it is counted, until `leave`. */
  enter(client: string, maxTunnels: number): string | undefined {
    const count = this.#ofClient.get(client) ?? 0;
    if (this.#size >= maxTunnels) return `${maxTunnels} tunnels are open`;
    // An empty name is nobody's in particular.
    if (client !== '' && count >= Math.ceil(maxTunnels * CLIENT_SHARE))
      return `${count} tunnels of one client are open`;
    this.#ofClient.set(client, count + 1);
    this.#size++;
    return undefined;
  }

  leave(client: string): void {
    this.#size--;
    const left = (this.#ofClient.get(client) ?? 1) - 1;
    if (left === 0) this.#ofClient.delete(client);
    else this.#ofClient.set(client, left);
  }
}
