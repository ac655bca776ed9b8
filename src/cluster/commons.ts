// What workers have in common, there once and outliving each of them: the sockets, the counts and places of limits, the key
// of session tickets. And what one of them has news of, the others hear.
import type { Config } from '../config/config.ts';
import type { InheritedSockets } from '../gateway/inherited.ts';
import { type TicketKey, TicketKeys } from '../tls/tickets.ts';
import { Handed } from './channel.ts';
import { CommonCounters } from './counters.ts';
import type { Crew } from './crew.ts';
import { PlaceBook } from './places.ts';
import type { Seat } from './seat.ts';
import { Sockets } from './sockets.ts';
import type { AtSupervisor } from './words.ts';

/** An authority takes its time. */
const ORDER_MS = 15 * 60_000;
/** Keys that must go in several workers at once go with one new key. */
const TICKETS_MS = 20;

/** What is asked of all that is here. */
type Answered = Pick<
  AtSupervisor,
  'socket' | 'count' | 'places' | 'ban' | 'purged' | 'certificates' | 'ticketsEnded' | 'order'
>;

export class Commons {
  readonly #crew: Crew;
  readonly #sockets: Sockets;
  readonly #counters: CommonCounters;
  readonly #places = new PlaceBook<Seat>();
  readonly #tickets: TicketKeys;
  #renewingTickets: NodeJS.Timeout | undefined;

  constructor(crew: Crew, { requestLimits }: Config, inherited: InheritedSockets) {
    this.#crew = crew;
    this.#sockets = new Sockets(inherited);
    this.#counters = new CommonCounters(requestLimits.counters);
    this.#tickets = new TicketKeys(() => {
      crew.tellAll((channel) => channel.tell('ticketKey', this.#tickets.current));
    });
  }

  /** From now on the key of tickets is replaced in time. */
  start(): void {
    this.#tickets.start();
  }

  /** Nobody comes in any more. */
  stop(): void {
    clearTimeout(this.#renewingTickets);
    this.#tickets.stop();
    this.#sockets.close();
  }

  /** Sockets that the configuration does not name are closed. */
  keep(config: Config): void {
    this.#sockets.keep(config);
  }

  get ticketKey(): TicketKey {
    return this.#tickets.current;
  }

  /** To whoever begins in that seat. */
  answers(seat: Seat): Answered {
    const crew = this.#crew;
    return {
      socket: async ({ kind, place, nth }) => new Handed(await this.#sockets.at(kind, place, nth)),
      count: (wishes) => this.#counters.count(wishes),
      places: this.#places.open(seat),
      ban: (change) => crew.tellAll((channel) => channel.tell('heardOfBan', change), seat),
      purged: (order) => crew.tellAll((channel) => channel.tell('heardOfPurge', order), seat),
      certificates: () => crew.tellAll((channel) => channel.tell('heardOfCertificates', undefined), seat),
      ticketsEnded: () => this.#renewTickets(),
      order: async (name) => {
        await crew.lead?.channel?.ask('order', name, ORDER_MS);
      },
    };
  }

  /** Whoever was in that seat has ended. */
  left(seat: Seat): void {
    this.#places.close(seat);
  }

  #renewTickets(): void {
    if (this.#renewingTickets !== undefined) return;
    this.#renewingTickets = setTimeout(() => {
      this.#renewingTickets = undefined;
      this.#tickets.rotate();
    }, TICKETS_MS);
  }
}
