// The sockets that the workers listen on. They are bound here and stay open here, and nothing is ever accepted here: when a
// worker dies, and be it the only one, clients wait in the kernel's queue for the next. What the gateway was given bound comes first.
import { lookup } from 'node:dns/promises';
import { getSystemErrorName, isDeepStrictEqual } from 'node:util';
import type { Config, ListenAddress } from '../config/config.ts';
import { listenFault } from '../gateway/door.ts';
import type { InheritedSockets } from '../gateway/inherited.ts';
import { bindSocket, type SocketHandle } from '../gateway/socket-handle.ts';

interface Bound {
  readonly kind: string;
  readonly place: ListenAddress;
  readonly nth: number;
  readonly handle: SocketHandle;
}

export class Sockets {
  readonly #inherited: InheritedSockets;
  #bound: Bound[] = [];

  constructor(inherited: InheritedSockets) {
    this.#inherited = inherited;
  }

  /** The one for this place, bound now if it was not. Fails with a GatehouseError that says what to do. */
  async at(kind: string, place: ListenAddress, nth: number): Promise<object> {
    const known = this.#find(kind, place, nth);
    if (known !== undefined) return known.handle;
    const handle = this.#inherited.find(place) ?? (await open(place));
    // Two workers may have asked at once.
    const other = this.#find(kind, place, nth);
    if (other !== undefined) {
      this.#letGo(handle);
      return other.handle;
    }
    this.#bound.push({ kind, place, nth, handle });
    return handle;
  }

  /**
   * Those that the configuration does not name are closed, once the workers have let go of them. What the gateway was given
   * is kept for a configuration that names it again: its owner has it too, so that nobody could bind it anew.
   */
  keep({ listen }: Pick<Config, 'listen'>): void {
    const isNamed = ({ kind, place, nth }: Bound): boolean => {
      const places = kind === 'https' ? listen.https : listen.http;
      return places.filter((each) => isDeepStrictEqual(each, place)).length > nth;
    };
    for (const each of this.#bound) if (!isNamed(each)) this.#letGo(each.handle);
    this.#bound = this.#bound.filter(isNamed);
  }

  close(): void {
    for (const { handle } of this.#bound) handle.close();
    this.#bound = [];
  }

  #letGo(handle: SocketHandle): void {
    if (!this.#inherited.giveBack(handle)) handle.close();
  }

  #find(kind: string, place: ListenAddress, nth: number): Bound | undefined {
    return this.#bound.find((each) => each.kind === kind && each.nth === nth && isDeepStrictEqual(each.place, place));
  }
}

async function open(place: ListenAddress): Promise<SocketHandle> {
  const { host, port } = place;
  if (host !== undefined) {
    const { address, family } = await lookup(host).catch((error: NodeJS.ErrnoException) => {
      throw listenFault(place, error);
    });
    return bound(place, bindSocket(address, port, family === 6 ? 6 : 4));
  }
  // As a server of Node's does: all addresses of both families, or of IPv4 where there is no IPv6.
  const both = bindSocket('::', port, 6);
  return bound(place, typeof both === 'number' ? bindSocket('0.0.0.0', port, 4) : both);
}

/** That the port is taken is told with a delay by libuv: when the socket is asked for its name. */
function bound(place: ListenAddress, handle: SocketHandle | number): SocketHandle {
  const fault = typeof handle === 'number' ? handle : handle.getsockname({});
  if (fault === 0) return handle as SocketHandle;
  if (typeof handle !== 'number') handle.close();
  const code = getSystemErrorName(fault);
  throw listenFault(place, Object.assign(new Error(code), { code }));
}
