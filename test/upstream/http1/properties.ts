// The properties of the response parser and of the connection around it, for a short run beside the
// tables and a long one in test/fuzz.

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { GatehouseError } from '../../../src/base/errors.ts';
import { isWhole } from '../../../src/http/reply.ts';
import { Http1Connection } from '../../../src/upstream/http1/connection.ts';
import { parse, single } from './events.ts';
import { cutAt, cuts, exchange, noise } from './generate.ts';
import { compare } from './oracle.ts';
import { get, TestSink } from './support.ts';

export interface Property {
  readonly name: string;
  readonly property: fc.IRawProperty<unknown>;
}

/** Beside Node's client, and against itself with the same bytes cut otherwise. */
export const PROPERTIES: readonly Property[] = [
  {
    name: 'nothing that Node refuses is accepted, and what both accept is equal',
    property: fc.asyncProperty(exchange, async (given) => {
      await compare(given);
    }),
  },
  {
    name: 'how the bytes are cut changes nothing',
    property: fc.property(exchange, cuts, ({ method, input }, places) => {
      const whole = JSON.stringify(parse([input], { method, isClosed: true }));
      for (const pieces of [single(input), cutAt(input, places)]) {
        const cut = JSON.stringify(parse(pieces, { method, isClosed: true }));
        if (cut !== whole) throw new Error(`${whole} as one, ${cut} in ${pieces.length} pieces`);
      }
    }),
  },
  {
    name: 'no bytes make push throw, or a call wait for ever',
    property: fc.asyncProperty(noise, cuts, fc.boolean(), async (input, places, isShared) => {
      const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
      let closed = 0;
      const connection = new Http1Connection(socket as unknown as Socket, {
        timeoutMs: 60_000,
        sharedBuffer: isShared,
        onClose: () => {
          closed += 1;
        },
      });
      const sent = settled(connection);
      for (const piece of cutAt(input, places)) {
        const read = Buffer.from(piece);
        connection.push(read);
        if (isShared) read.fill('!');
      }
      socket.push(null);
      await sent;
      connection.destroy();
      if (closed !== 1) throw new Error(`closed ${closed} times`);
    }),
  },
];

/** Waits for a call, and for its body where it flows; throws for any failure that is not of our own kind. */
async function settled(connection: Http1Connection): Promise<void> {
  try {
    const { body } = await connection.send(get());
    if (body === undefined || isWhole(body)) return;
    const sink = new TestSink();
    body.start(sink);
    while (!sink.isOver) await new Promise((resolve) => setImmediate(resolve));
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code === 'internal') throw error;
  }
}
