// One DNS message to one server and its answer back, over TCP (RFC 7766) or UDP.

import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long an answer over UDP is waited for, then the message is sent again; and over TCP in all. */
const defaultUdpWaitsMs: readonly number[] = [2000, 4000, 4000];
const tcpWaitMs = 15_000;
/** What every server takes over UDP (RFC 1035, 4.2.1). */
const maxUdpBytes = 512;

export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

export interface ExchangeOptions {
  readonly transport: 'tcp' | 'udp';
  readonly udpWaitsMs?: readonly number[];
}

/** No answer came; the message says why. */
export class NoAnswer extends Error {}

/**
 * The answer: a message for which `isAnswer` holds. Over UDP others are passed over, for anyone can send them; an
 * answer that was cut, or a message too long for UDP, goes over TCP. Throws NoAnswer, also when the signal is aborted.
 */
export async function exchange(
  server: DnsServer,
  message: Buffer,
  isAnswer: (bytes: Buffer) => boolean,
  signal: AbortSignal,
  { transport, udpWaitsMs = defaultUdpWaitsMs }: ExchangeOptions,
): Promise<Buffer> {
  if (signal.aborted) throw new NoAnswer('there was no time left');
  if (transport === 'udp' && message.length <= maxUdpBytes) {
    const answer = await overUdp(server, message, isAnswer, signal, udpWaitsMs);
    if (!isTruncated(answer)) return answer;
  }
  const answer = await overTcp(server, message, signal);
  if (!isAnswer(answer)) throw new NoAnswer('it answered something else');
  return answer;
}

function isTruncated(bytes: Buffer): boolean {
  return bytes.length > 3 && (bytes.readUInt8(2) & 2) !== 0;
}

async function overUdp(
  { host, port }: DnsServer,
  message: Buffer,
  isAnswer: (bytes: Buffer) => boolean,
  signal: AbortSignal,
  waitsMs: readonly number[],
): Promise<Buffer> {
  const address = await addressOf(host, signal);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const done = new AbortController();
  try {
    const answered = new Promise<Buffer>((resolve, reject) => {
      socket.on('message', (bytes: Buffer) => {
        if (isTruncated(bytes) || isAnswer(bytes)) resolve(bytes);
      });
      socket.on('error', (error) => reject(new NoAnswer(error.message)));
    });
    // A connected socket gets datagrams of this server only, and hears that a port is closed.
    const connected = new Promise<void>((resolve) => socket.connect(port, address, resolve));
    await Promise.race([answered, connected]);
    const until = AbortSignal.any([signal, done.signal]);
    const sent = (async (): Promise<never> => {
      for (const waitMs of waitsMs) {
        socket.send(message);
        await sleep(waitMs, undefined, { signal: until });
      }
      throw new NoAnswer('no answer over UDP');
    })();
    return await Promise.race([answered, sent]);
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer('no answer in time');
  } finally {
    done.abort();
    socket.close();
  }
}

/** A lookup of the system cannot be ended, but the wait for it can. */
async function addressOf(host: string, signal: AbortSignal): Promise<string> {
  const ended = once(signal, 'abort').then(() => {
    throw new NoAnswer('no answer in time');
  });
  const found = lookup(host).catch((error: Error) => {
    throw new NoAnswer(error.message);
  });
  return (await Promise.race([found, ended])).address;
}

/** The message with its length in front, both ways. */
async function overTcp({ host, port }: DnsServer, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  const socket = connect({ host, port });
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(tcpWaitMs)]);
  const stop = (): void => void socket.destroy(new NoAnswer('no answer in time'));
  deadline.addEventListener('abort', stop, { once: true });
  try {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
    let got = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      got = Buffer.concat([got, chunk]);
      if (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) return got.subarray(2, 2 + got.readUInt16BE(0));
    }
    throw new NoAnswer('it closed the connection');
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer((error as Error).message || 'it cannot be reached');
  } finally {
    deadline.removeEventListener('abort', stop);
    socket.destroy();
  }
}
