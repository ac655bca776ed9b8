// Load generator for HTTP/1.1 over TLS that costs little: requests are bytes made beforehand, each connection sends its
// next one when it has its answer. Run as a child process; see load/tool.ts.
import { readFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { CIPHER } from '../load/h2load.ts';
import { FaultCount, readOrders, tell } from '../load/tool.ts';
import { HOST } from '../rig/workspace.ts';
import { RequestReader } from './request.ts';

export interface WirePlan {
  /** As request.ts writes them. */
  readonly file: string;
  readonly connections: number;
  /** Of the right answer. */
  readonly status: number;
}

if (import.meta.main) await generate();

async function generate(): Promise<void> {
  const { plan, port, seconds } = readOrders<WirePlan>();
  const requests = readRequests(plan.file);
  const latenciesMs: number[] = [];
  const faults = new FaultCount();
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  let sent = 0;
  const run = async (): Promise<void> => {
    let socket: TLSSocket | undefined;
    while (performance.now() < endsAt) {
      socket ??= await open(port);
      const at = performance.now();
      const answer = await exchange(socket, requests[sent++ % requests.length] as Buffer);
      if (answer === undefined) faults.add('requests lost');
      else if (answer.status !== plan.status) faults.add(`answers with ${answer.status}`);
      else latenciesMs.push(performance.now() - at);
      if (answer?.isLast !== false) {
        socket.destroy();
        socket = undefined;
      }
    }
    socket?.destroy();
  };
  await Promise.all(Array.from({ length: plan.connections }, run));
  tell({ seconds: (performance.now() - startedAt) / 1000, latenciesMs, faults: faults.counts });
}

function readRequests(file: string): Buffer[] {
  const reader = new RequestReader(readFileSync(file));
  return Array.from({ length: reader.count }, () => {
    const { method, target, headers, body } = reader.next();
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, 'latin1'), body]);
  });
}

function open(port: number): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect(
    { host: '127.0.0.1', port, servername: HOST, rejectUnauthorized: false, ciphers: CIPHER, minVersion: 'TLSv1.3' },
    () => {
      socket.off('error', reject);
      resolve(socket);
    },
  );
  socket.setNoDelay(true);
  socket.once('error', reject);
  return promise;
}

interface Answer {
  readonly status: number;
  /** The connection ends with it. */
  readonly isLast: boolean;
}

/** Resolves with undefined when the connection ends before the answer does. */
function exchange(socket: TLSSocket, request: Buffer): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  let seen = '';
  const onData = (chunk: Buffer): void => {
    seen += chunk.toString('latin1');
    const answer = parseAnswer(seen);
    if (answer !== undefined) finish(answer);
  };
  const onEnd = (): void => finish(undefined);
  const finish = (answer: Answer | undefined): void => {
    socket.off('data', onData).off('close', onEnd).off('error', onEnd);
    // One that comes between two requests must not end this process.
    socket.on('error', ignore);
    resolve(answer);
  };
  socket.off('error', ignore);
  socket.on('data', onData).once('close', onEnd).once('error', onEnd);
  socket.write(request);
  return promise;
}

/** Undefined while some of it is still to come. */
export function parseAnswer(text: string): Answer | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  const isWhole = length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= headEnd + 4 + Number(length);
  if (!isWhole) return undefined;
  return { status: Number(head.slice(9, 12)), isLast: head.includes('\r\nconnection: close') };
}

function ignore(): void {}
