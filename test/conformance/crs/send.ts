// Puts a request on a TLS connection of its own, byte for byte, and waits until the gateway has dealt with all of it.
import type { SecureContext } from 'node:tls';
import tls from 'node:tls';
import type { Answer } from './answer.ts';
import { readAnswer } from './answer.ts';

/** The gateway under test, as seen by a client. */
export interface Door {
  readonly port: number;
  /** With the authority that the gateway's certificate comes from. */
  readonly trust: SecureContext;
}

export type Outcome =
  | { readonly answer: Answer; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: string };

/** An answer takes milliseconds; what takes longer hangs. */
const PATIENCE_MS = 15_000;

/**
 * Never rejects. `from` is the loopback address to come from, by which the gateway's records are told apart later.
 * After the answer our side of the connection is closed and the gateway's end awaited, so that bytes behind the
 * request have been judged too.
 */
export function send(door: Door, from: string, bytes: Buffer): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const toHead = bytes.subarray(0, 5).toString('latin1') === 'HEAD ';
  let received = '';
  let failure: string | undefined;
  // Node hands `localAddress` on to the TCP connection, though its types do not say so.
  const options: tls.ConnectionOptions & { readonly localAddress: string } = {
    host: '127.0.0.1',
    port: door.port,
    localAddress: from,
    secureContext: door.trust,
    checkServerIdentity: () => undefined,
    ALPNProtocols: ['http/1.1'],
  };
  const socket = tls.connect(options);
  const fail = (why: string): void => {
    failure ??= why;
    socket.destroy();
  };
  const patience = setTimeout(() => fail(`nothing more came for ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
  socket.once('secureConnect', () => {
    if (socket.alpnProtocol === 'http/1.1') socket.write(bytes);
    else fail('the gateway does not speak http/1.1');
  });
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    if (!socket.writableEnded && readAnswer(received, toHead)?.isComplete === true) socket.end();
  });
  socket.on('error', (error) => {
    failure ??= error.message;
  });
  socket.once('close', () => {
    clearTimeout(patience);
    const answer = readAnswer(received, toHead);
    resolve(answer === undefined ? { error: failure ?? 'the connection was closed without an answer' } : { answer });
  });
  return promise;
}
