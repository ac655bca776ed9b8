// What stays open: WebSockets, events, a slow download. Each has to go on through every reload, without a gap.
import https from 'node:https';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../rig/workspace.ts';
import { PIECE_BYTES, PIECES } from './backends.ts';
import { Http2Client, type Trace } from './clients.ts';
import type { Ledger } from './ledger.ts';

const TALK_MS = 200;
const SILENCE_MS = 20_000;
const FROM = '127.0.0.1';
/** Keeps who cannot connect from trying without a pause. */
const RETRY_MS = 50;

/** Rejects when it ends before its time. */
type Last = (port: number, trace: Trace, isOver: () => boolean, done: () => void) => Promise<void>;

const LASTING: readonly (readonly [name: string, last: Last])[] = [
  ['WebSocket, h2', async (port, trace, isOver, done) => talk(await webSocketOverHttp2(port, trace), isOver, done)],
  ['WebSocket, http/1.1', async (port, trace, isOver, done) => talk(await webSocket(port, trace), isOver, done)],
  ['events, h2', async (port, trace, isOver, done) => listen(await open(port, trace, '/events'), isOver, done)],
  ['slow download, h2', async (port, trace, _, done) => download(await open(port, trace, '/pieces'), done)],
];

export async function runLasting(port: number, ledger: Ledger, isOver: () => boolean): Promise<void> {
  const run = async ([kind, last]: (typeof LASTING)[number]): Promise<void> => {
    while (!isOver()) {
      const trace: Trace = {};
      const beganMs = performance.now();
      try {
        await last(port, trace, isOver, () => ledger.done(kind));
      } catch (error) {
        ledger.failed({ kind, why: (error as Error).message, beganMs, port: trace.port });
        await sleep(RETRY_MS);
      }
    }
  };
  await Promise.all(LASTING.map(run));
}

/** Text frames there and back (RFC 6455, 5.2), short ones only. */
async function talk(stream: Duplex, isOver: () => boolean, done: () => void): Promise<void> {
  const chunks = pull(stream);
  for (let count = 0; !isOver(); count++) {
    const text = Buffer.from(`message ${count}`);
    const mask = Buffer.alloc(4);
    stream.write(Buffer.concat([Buffer.of(0x81, 0x80 | text.length), mask, text]));
    let got = Buffer.alloc(0);
    while (got.length < 2 + text.length) got = Buffer.concat([got, await chunks.next()]);
    if (!got.subarray(2).equals(text))
      throw new Error(`"${got.subarray(2).toString()}" came back for "${text.toString()}"`);
    done();
    await sleep(TALK_MS);
  }
  stream.destroy();
}

async function listen(stream: Duplex, isOver: () => boolean, done: () => void): Promise<void> {
  const chunks = pull(stream);
  let text = '';
  for (let next = 0; !isOver(); ) {
    text += (await chunks.next()).toString();
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      if (event !== `data: ${next}`) throw new Error(`"${event}" came where event ${next} was due`);
      next++;
      done();
    }
  }
  stream.destroy();
}

async function download(stream: Duplex, done: () => void): Promise<void> {
  let bytes = 0;
  for await (const chunk of stream) bytes += (chunk as Buffer).length;
  if (bytes !== PIECES * PIECE_BYTES) throw new Error(`${bytes} bytes of ${PIECES * PIECE_BYTES}`);
  done();
}

async function open(port: number, trace: Trace, path: string): Promise<Duplex> {
  const client = new Http2Client(port, FROM);
  const session = await client.session(trace);
  const stream = session.request({ ':path': path, ':authority': HOST });
  stream.on('close', () => session.destroy());
  return stream;
}

async function webSocketOverHttp2(port: number, trace: Trace): Promise<Duplex> {
  const session = await new Http2Client(port, FROM).session(trace);
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': '/talk',
    ':authority': HOST,
    'sec-websocket-version': '13',
  });
  stream.on('close', () => session.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  stream.once('response', (fields) => {
    if (fields[':status'] === 200) resolve(stream);
    else reject(new Error(`status ${fields[':status']}`));
  });
  stream.once('error', reject);
  stream.once('close', () => reject(new Error('closed at once')));
  return promise;
}

function webSocket(port: number, trace: Trace): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const headers = {
    host: HOST,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const asked = https.request({
    host: '127.0.0.1',
    port,
    servername: HOST,
    rejectUnauthorized: false,
    agent: false,
    path: '/talk',
    headers,
  });
  asked.on('socket', (socket) => {
    socket.once('connect', () => {
      trace.port = socket.localPort;
    });
  });
  asked.on('upgrade', (_, socket, head) => {
    if (head.length > 0) socket.unshift(head);
    resolve(socket);
  });
  asked.on('response', (response) => {
    response.resume();
    reject(new Error(`status ${response.statusCode}`));
  });
  asked.on('error', reject).end();
  return promise;
}

/** The next piece of a stream that is not to end; rejects when it ends, fails, or is silent for long. */
function pull(stream: Readable): { next(): Promise<Buffer> } {
  const chunks: Buffer[] = [];
  let wake: (() => void) | undefined;
  let end: Error | undefined;
  const ended = (error: Error): void => {
    end ??= error;
    wake?.();
  };
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    wake?.();
  });
  stream.on('error', ended);
  stream.on('close', () => ended(new Error('it was closed')));
  return {
    async next() {
      const untilMs = performance.now() + SILENCE_MS;
      while (chunks.length === 0) {
        if (end !== undefined) throw end;
        if (performance.now() > untilMs) throw new Error('silence');
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(() => resolve(), 1000);
        await promise;
        clearTimeout(timer);
      }
      return chunks.shift() as Buffer;
    },
  };
}
