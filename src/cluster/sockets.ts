// The sockets that the workers listen on. They are bound here and stay open here, and nothing is ever accepted here: when a
// worker dies, and be it the only one, clients wait in the kernel's queue for the next.
import { lookup } from 'node:dns/promises';
import net, { type AddressInfo } from 'node:net';
import { getSystemErrorName, isDeepStrictEqual } from 'node:util';
import type { Config, ListenAddress } from '../config/config.ts';
import { listenFault } from '../gateway/door.ts';

/** Node's own handle of a socket; it goes through an IPC channel, and a server listens on it. */
interface Handle {
  getsockname(into: Partial<AddressInfo>): number;
  close(): void;
}

/** What node:cluster binds with. A number is an error. */
type Bind = (host: string, port: number, family: 4 | 6, fd: undefined, flags: number) => Handle | number;
const bind = (net as unknown as { _createServerHandle: Bind })._createServerHandle;

interface Bound {
  readonly kind: string;
  readonly place: ListenAddress;
  readonly nth: number;
  readonly handle: Handle;
}

export class Sockets {
  #bound: Bound[] = [];

  /** The one for this place, bound now if it was not. Fails with a GatehouseError that says what to do. */
  async at(kind: string, place: ListenAddress, nth: number): Promise<object> {
    const known = this.#find(kind, place, nth);
    if (known !== undefined) return known.handle;
    const handle = await open(place);
    // Two workers may have asked at once.
    const other = this.#find(kind, place, nth);
    if (other !== undefined) {
      handle.close();
      return other.handle;
    }
    this.#bound.push({ kind, place, nth, handle });
    return handle;
  }

  /** Those that the configuration does not name are closed, once the workers have let go of them. */
  keep({ listen }: Pick<Config, 'listen'>): void {
    const isNamed = ({ kind, place, nth }: Bound): boolean => {
      const places = kind === 'https' ? listen.https : listen.http;
      return places.filter((each) => isDeepStrictEqual(each, place)).length > nth;
    };
    for (const each of this.#bound) if (!isNamed(each)) each.handle.close();
    this.#bound = this.#bound.filter(isNamed);
  }

  close(): void {
    for (const { handle } of this.#bound) handle.close();
    this.#bound = [];
  }

  #find(kind: string, place: ListenAddress, nth: number): Bound | undefined {
    return this.#bound.find((each) => each.kind === kind && each.nth === nth && isDeepStrictEqual(each.place, place));
  }
}

async function open(place: ListenAddress): Promise<Handle> {
  const { host, port } = place;
  if (host !== undefined) {
    const { address, family } = await lookup(host).catch((error: NodeJS.ErrnoException) => {
      throw listenFault(place, error);
    });
    return bound(place, bind(address, port, family === 6 ? 6 : 4, undefined, 0));
  }
  // As a server of Node's does: all addresses of both families, or of IPv4 where there is no IPv6.
  const both = bind('::', port, 6, undefined, 0);
  return bound(place, typeof both === 'number' ? bind('0.0.0.0', port, 4, undefined, 0) : both);
}

/** That the port is taken is told with a delay by libuv: when the socket is asked for its name. */
function bound(place: ListenAddress, handle: Handle | number): Handle {
  const fault = typeof handle === 'number' ? handle : handle.getsockname({});
  if (fault === 0) return handle as Handle;
  if (typeof handle !== 'number') handle.close();
  const code = getSystemErrorName(fault);
  throw listenFault(place, Object.assign(new Error(code), { code }));
}
