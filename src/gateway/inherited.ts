// Sockets that whoever starts the gateway has bound for it, and keeps: systemd's socket activation (sd_listen_fds(3)). While
// no gateway runs, clients wait in their queues. Each stands for the address of `listen` that it is bound to.
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../config/config.ts';
import type { Records } from '../observe/records.ts';
import { openSocket, type SocketHandle } from './socket-handle.ts';

/** Those before are stdin, stdout and stderr. */
const FIRST_FD = 3;
const MAX_SOCKETS = 1024;

interface Inherited {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly handle: SocketHandle;
}

export class InheritedSockets {
  readonly #left: Inherited[];
  readonly #taken = new Map<SocketHandle, Inherited>();

  private constructor(left: Inherited[]) {
    this.#left = left;
  }

  /** Those that are meant for this process; the environment says nothing of them afterwards, to children neither. */
  static take(env: NodeJS.ProcessEnv = process.env): InheritedSockets {
    const { LISTEN_PID: pid, LISTEN_FDS: count = '', LISTEN_FDNAMES: names = '' } = env;
    delete env.LISTEN_PID;
    delete env.LISTEN_FDS;
    delete env.LISTEN_FDNAMES;
    if (Number(pid) !== process.pid || !/^\d+$/.test(count)) return new InheritedSockets([]);
    const nameOf = names.split(':');
    const all = Array.from({ length: Math.min(Number(count), MAX_SOCKETS) }, (_, i) => {
      const handle = openSocket(FIRST_FD + i);
      const at: Partial<AddressInfo> = {};
      if (typeof handle === 'number' || handle.getsockname(at) !== 0) return undefined;
      return { name: nameOf[i] ?? `${FIRST_FD + i}`, address: at.address ?? '', port: at.port ?? 0, handle };
    });
    return new InheritedSockets(all.filter((each) => each !== undefined));
  }

  /** The one that is bound to this address, and its owner's from now on; undefined: there is none. */
  find({ host, port }: ListenAddress): SocketHandle | undefined {
    const index = this.#left.findIndex((each) => each.port === port && isMeant(host, each.address));
    const [found] = index === -1 ? [] : this.#left.splice(index, 1);
    if (found !== undefined) this.#taken.set(found.handle, found);
    return found?.handle;
  }

  /** For whoever has only kept it, and not listened on it; false: it is not one of these. */
  giveBack(handle: SocketHandle): boolean {
    const found = this.#taken.get(handle);
    if (found === undefined) return false;
    this.#taken.delete(handle);
    this.#left.push(found);
    return true;
  }

  /** What nobody has taken: its clients would wait for ever. */
  tellUnused(records: Records): void {
    const unused = this.#left.map(({ name, address, port }) => `${name} (${address}:${port})`);
    if (unused.length === 0) return;
    records.warn('config', `sockets were handed over that no address under \`listen\` names: ${unused.join(', ')}`);
  }
}

function isMeant(host: string | undefined, address: string): boolean {
  return host === undefined ? address === '::' || address === '0.0.0.0' : host === address;
}
