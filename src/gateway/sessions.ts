// What the handshakes of all doors have in common: the key of tickets, what clients have proved, and that both follow when
// another runtime is in force.
import type { Http2SecureServer } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ClientProof } from '../http/client-certificate.ts';
import { readProof } from '../tls/client-proof.ts';
import { renewContext } from '../tls/options.ts';
import { TicketKeys } from '../tls/tickets.ts';
import { Vouchers } from '../tls/vouchers.ts';
import type { Connections } from './connections.ts';
import type { Runtime } from './runtime.ts';

/** What they are about; asked anew each time. */
export interface Handshakes {
  readonly runtime: () => Runtime;
  readonly servers: () => readonly Http2SecureServer[];
}

export class Sessions {
  /** Of session tickets; for other processes that serve the same addresses. */
  readonly ticketKeys: TicketKeys;
  readonly #of: Handshakes;
  readonly #vouchers = new Vouchers();

  constructor(of: Handshakes) {
    this.#of = of;
    this.ticketKeys = new TicketKeys((key) => {
      for (const server of of.servers()) server.setTicketKeys(key);
    });
  }

  get ticketKey(): Buffer {
    return this.ticketKeys.current.key;
  }

  /** Of the client's certificate; undefined when none is asked for anywhere. */
  readProof(socket: TLSSocket): ClientProof | undefined {
    const policies = this.#of.runtime().clientPolicies;
    if (policies.length === 0) return undefined;
    return readProof(socket, { policies, vouchers: this.#vouchers, isTicketKeyShared: this.ticketKeys.isShared });
  }

  /**
   * Another runtime is in force. Who was let in by authorities that are no longer asked for has to prove itself anew; true
   * when there may be such.
   */
  follow({ clientPolicies }: Runtime, connections: Connections): boolean {
    const runtime = this.#of.runtime();
    for (const server of this.#of.servers()) renewContext(server, runtime.certificates, runtime, this.ticketKey);
    const present = new Set(runtime.clientPolicies.map(({ id }) => id));
    const past = clientPolicies.filter(({ id }) => !present.has(id));
    if (past.length === 0) return false;
    this.ticketKeys.rotate();
    connections.retire(
      ({ proof }) => proof !== undefined && past.some(({ id }) => proof.policyId === id || proof.goodFor.has(id)),
    );
    return true;
  }
}
