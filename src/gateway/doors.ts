// All doors of the gateway, as `listen` names them: opened together or not at all, and renewed with each configuration.
import type { Http2SecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { plainAddress } from '../base/ip.ts';
import type { Config, ListenAddress } from '../config/config.ts';
import { noteUnnamed } from '../tls/ask-clients.ts';
import { awaitProxyHeader } from './balancer.ts';
import type { Ends } from './connection.ts';
import type { Connections } from './connections.ts';
import { Door, type DoorServer } from './door.ts';
import type { ListenOn } from './fellows.ts';
import { plainServer, secureServer } from './listener.ts';
import type { Context } from './runtime.ts';

const KINDS = ['https', 'http'] as const;
type Kind = (typeof KINDS)[number];
type ByKind = Record<Kind, readonly Door[]>;

/** Doors that are open for a configuration which is not in force yet. */
export interface OpenedDoors {
  readonly config: Config;
  readonly next: ByKind;
  readonly fresh: readonly Door[];
}

export class Doors {
  readonly #context: Context;
  readonly #connections: Connections;
  readonly #ticketKey: () => Buffer;
  readonly #listenOn: ListenOn;
  #doors: ByKind = { https: [], http: [] };
  #config: Config | undefined;

  constructor(context: Context, connections: Connections, ticketKey: () => Buffer, listenOn: ListenOn) {
    this.#context = context;
    this.#connections = connections;
    this.#ticketKey = ticketKey;
    this.#listenOn = listenOn;
  }

  /** Where they really listen, ports filled in. */
  get addresses(): Record<Kind, AddressInfo[]> {
    const of = (kind: Kind): AddressInfo[] => this.#doors[kind].map(({ address }) => address);
    return { https: of('https'), http: of('http') };
  }

  get tlsServers(): Http2SecureServer[] {
    return this.#doors.https.map(({ server }) => server as Http2SecureServer);
  }

  /**
   * Opens what this configuration adds, and leaves the rest as it is; fails as a whole, leaving nothing new open. Who comes
   * in is served by what is in force, until `adopt`.
   */
  async open(config: Config): Promise<OpenedDoors> {
    const fresh: Door[] = [];
    const next: Record<Kind, Door[]> = { https: [], http: [] };
    try {
      for (const kind of KINDS) {
        const left = [...this.#doors[kind]];
        for (const place of config.listen[kind]) {
          const at = left.findIndex((door) => isDeepStrictEqual(door.place, place));
          const [known] = at === -1 ? [] : left.splice(at, 1);
          const nth = next[kind].filter((door) => isDeepStrictEqual(door.place, place)).length;
          const door = known ?? (await this.#open(kind, place, nth));
          if (known === undefined) fresh.push(door);
          next[kind].push(door);
        }
      }
    } catch (error) {
      for (const door of fresh) door.close();
      throw error;
    }
    return { config, next, fresh };
  }

  /** The configuration is in force: doors that it does not name are closed, and the others have servers that keep to it. */
  adopt({ config, next, fresh }: OpenedDoors): void {
    const isServedAlike = this.#config !== undefined && isDeepStrictEqual(settingsOf(this.#config), settingsOf(config));
    for (const kind of KINDS) {
      for (const door of this.#doors[kind]) {
        if (!next[kind].includes(door)) door.close();
        else if (!isServedAlike) door.replace(this.#server(kind));
      }
    }
    // They were opened by the settings of before.
    if (this.#config !== undefined && !isServedAlike)
      for (const kind of KINDS)
        for (const door of next[kind]) if (fresh.includes(door)) door.replace(this.#server(kind));
    this.#doors = next;
    this.#config = config;
  }

  /** What was opened for a configuration that will not be in force. */
  discard({ fresh }: OpenedDoors): void {
    for (const door of fresh) door.close();
  }

  /** Nobody comes in any more. */
  close(): void {
    for (const kind of KINDS) for (const door of this.#doors[kind]) door.close();
  }

  async #open(kind: Kind, place: ListenAddress, nth: number): Promise<Door> {
    const target = await this.#listenOn(kind, place, nth);
    return Door.open(place, this.#server(kind), (socket, take) => this.#admit(kind, socket, take), target);
  }

  #admit(kind: Kind, socket: Socket, take: () => void): void {
    const { balancers, config } = this.#context.runtime;
    if (!balancers.has(plainAddress(socket.remoteAddress))) {
      this.#letIn(kind, socket, take);
      return;
    }
    awaitProxyHeader(socket, this.#connections.arrivals, config.timeouts.handshakeMs, (ends) => {
      this.#letIn(kind, socket, take, ends);
      // TLS takes what was read ahead out of a paused socket by itself; HTTP waits for it.
      if (kind === 'http') socket.resume();
    });
  }

  #letIn(kind: Kind, socket: Socket, take: () => void, ends?: Ends): void {
    const isSecure = kind === 'https';
    if (!this.#connections.arrivals.admit(socket, isSecure, ends)) return;
    if (isSecure) noteUnnamed(socket, this.#context.runtime);
    take();
  }

  #server(kind: Kind): DoorServer {
    if (kind === 'http') return plainServer(this.#context, this.#connections);
    return secureServer(this.#context, this.#connections, this.#ticketKey());
  }
}

/** What a server of Node's learns once and for all. */
function settingsOf({ timeouts, requestLimits, certificates }: Config): unknown {
  return { timeouts, requestLimits, isOnDemand: certificates.acme.onDemand !== undefined };
}
