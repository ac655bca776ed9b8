// What a gateway shares with the other processes that serve the same addresses. Whoever starts several of them gives this to
// each; a gateway without fellows is alone and does everything itself.
import type { ListenOptions } from 'node:net';
import type { PurgeOrder } from '../cache/purge.ts';
import type { ListenAddress } from '../config/config.ts';
import type { Ban } from '../limits/ban.ts';
import type { BanChange } from '../limits/bans.ts';
import type { CounterStore } from '../limits/counter.ts';
import type { Places } from '../limits/places.ts';
import type { TicketKey } from '../tls/tickets.ts';
import type { InheritedSockets } from './inherited.ts';

/** What a gateway may be given besides its configuration. */
export interface GatewayTuning {
  /** How often files of certificates are looked at; default: 2 seconds. */
  readonly fileCheckMs?: number;
  /** undefined: no other process serves the same addresses. */
  readonly fellows?: Fellows;
  /** Sockets that are bound already, without fellows. */
  readonly inherited?: InheritedSockets;
}

export interface Fellows {
  /** From 1; it tells the files apart that each writes alone. */
  readonly number: number;
  /** Orders certificates and writes down bans, which one alone must do. */
  readonly isLead: boolean;
  readonly ticketKey: TicketKey;
  /** undefined: nobody is there yet who would know, so the file counts. */
  readonly bans: readonly Ban[] | undefined;
  /** Counts for all; by `local` while nobody answers. */
  counters(local: CounterStore): CounterStore;
  /** Of requests that are under way in all of them. */
  readonly places: Places;
  readonly listenOn: ListenOn;
  /** A ban was set or lifted here. Never fails, like all that follow. */
  banChanged(change: BanChange): void;
  /** Stored answers were thrown away here. */
  purged(order: PurgeOrder): void;
  /** There are other certificates in the storage. */
  certificatesChanged(): void;
  /** No session of before may be resumed: all need another key. */
  ticketsEnded(): void;
  /** Lets the one that leads order a certificate; resolves when it has tried. */
  order(name: string): Promise<void>;
}

/**
 * What to listen on for a place, which is the `nth` of its kind with the same address; undefined: the address itself. Fails
 * with a GatehouseError.
 */
export type ListenOn = (
  kind: 'https' | 'http',
  place: ListenAddress,
  nth: number,
) => Promise<ListenTarget | undefined> | ListenTarget | undefined;

/** What a listener of Node's takes: an address, or a socket that somebody else has bound. */
export type ListenTarget = ListenOptions | object;
