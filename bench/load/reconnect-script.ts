// HTTP/2 connections one after the other, each for one request and with a full handshake. The latency is from the
// first SYN to the last byte of the answer.
import { connect } from 'node:http2';
import { HOST } from '../rig/workspace.ts';
import { CIPHER } from './h2load.ts';
import type { ReconnectPlan } from './reconnect.ts';
import { FaultCount, readOrders, tell } from './tool.ts';

const TIMEOUT_MS = 5_000;
/** What every system can do: with a key exchange safe from quantum computers (ML-KEM) one would pay for more than the others. */
const KEY_EXCHANGE = 'X25519';

const { plan, port, seconds } = readOrders<ReconnectPlan>();
const faults = new FaultCount();
const latenciesMs: number[] = [];

const startedAt = performance.now();
await Promise.all(Array.from({ length: plan.atATime }, requestOnceAndAgain));
tell({ seconds: (performance.now() - startedAt) / 1000, latenciesMs, faults: faults.counts });

async function requestOnceAndAgain(): Promise<void> {
  while (performance.now() - startedAt < seconds * 1000) await requestOnce();
}

function requestOnce(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begunAt = performance.now();
  let status = 0;
  let bytes = 0;
  let fault: string | undefined = 'connections closed before the answer';
  const session = connect(`https://${HOST}:${port}`, {
    host: '127.0.0.1',
    servername: HOST,
    ciphers: CIPHER,
    minVersion: 'TLSv1.3',
    ecdhCurve: KEY_EXCHANGE,
    rejectUnauthorized: false,
    settings: { enablePush: false },
  });
  const timer = setTimeout(() => {
    fault = 'timeouts';
    session.destroy();
  }, TIMEOUT_MS);
  session.on('error', (error: NodeJS.ErrnoException) => {
    fault = `errors (${error.code})`;
  });
  session.once('close', () => {
    clearTimeout(timer);
    if (fault !== undefined) faults.add(fault);
    resolve();
  });
  const stream = session.request({ ':path': plan.path });
  stream.on('error', () => {});
  stream.on('response', (headers) => {
    status = headers[':status'] ?? 0;
  });
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  stream.once('end', () => {
    const isRight = status === 200 && bytes === plan.bodyBytes;
    fault = isRight ? undefined : `answers with ${status} and ${bytes} bytes`;
    if (isRight) latenciesMs.push(performance.now() - begunAt);
    session.close();
  });
  return promise;
}
