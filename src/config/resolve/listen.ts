// Where the gateway listens: addresses are read, and two listeners never want the same one.

import type { ListenAddress } from '../config.ts';
import type { Part } from '../part.ts';
import { coversAddress, isEveryAddress, parseListenAddress } from '../syntax/address.ts';

/** `sun_path` of a Unix socket holds 108 bytes with its closing NUL. */
const maxSocketPathBytes = 107;

interface Taken {
  readonly part: Part;
  readonly address: ListenAddress;
  readonly what: string;
}

export interface Addresses {
  readonly https: readonly ListenAddress[];
  readonly http: readonly ListenAddress[];
  readonly admin: ListenAddress | undefined;
}

/** Reads all addresses together, since a later one may collide with any earlier one. */
export function resolveAddresses(root: Part): Addresses {
  const taken: Taken[] = [];
  const admin = root.at('admin').at('http');
  const addresses = {
    https: root
      .at('listen')
      .at('https')
      .items()
      .flatMap((part) => take(part, 'listen.https', taken)),
    http: root
      .at('listen')
      .at('http')
      .items()
      .flatMap((part) => take(part, 'listen.http', taken)),
    admin: admin.isOff ? undefined : take(admin, 'admin.http', taken)[0],
  };
  tellCollisions(taken);
  return addresses;
}

/** The absolute path of the admin socket; undefined when it is off. */
export function resolveSocket(part: Part, baseDir: string): string | undefined {
  if (part.isOff) return undefined;
  const path = part.path(baseDir) ?? '';
  const length = Buffer.byteLength(path);
  if (length > maxSocketPathBytes) {
    const advice = `a Unix socket has at most ${maxSocketPathBytes} bytes; write a shorter absolute path, like /run/gatehouse/admin.sock`;
    part.fault('bad-value', `the whole path comes to ${length} bytes, and ${advice}`);
  }
  return path;
}

function take(part: Part, what: string, taken: Taken[]): ListenAddress[] {
  const parsed = parseListenAddress(part.text() ?? '');
  if ('fault' in parsed) return [];
  taken.push({ part, address: parsed.value, what });
  return [parsed.value];
}

function tellCollisions(taken: readonly Taken[]): void {
  for (const [index, later] of taken.entries()) {
    const earlier = taken
      .slice(0, index)
      .find((each) => coversAddress(each.address, later.address) || coversAddress(later.address, each.address));
    if (earlier === undefined) continue;
    // The fault belongs to what the operator wrote; a default that is in the way is only named.
    const [blamed, other] = later.part.isGiven || !earlier.part.isGiven ? [later, earlier] : [earlier, later];
    const whose = other.part.isGiven ? other.what : `${other.what}, whose default is ${String(other.part.value)}`;
    const why =
      isEveryAddress(other.address) && !isEveryAddress(blamed.address)
        ? ', which takes every address of the machine'
        : '';
    blamed.part.fault('duplicate-address', `${blamed.part.quote()} is already taken by ${whose}${why}`);
  }
}
