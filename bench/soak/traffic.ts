// All kinds of requests that begin and end, each asked again and again by a client of its own, and what each has to come to.
import { setTimeout as sleep } from 'node:timers/promises';
import { BIG_BYTES } from './backends.ts';
import { type Answer, type Ask, type Client, Http1Client, Http2Client, type Trace } from './clients.ts';
import type { Ledger } from './ledger.ts';

/** Between two requests of a client: the machine is to be busy, not full. */
const PAUSE_MS = 20;
const SMALL = Buffer.from('name=Anna&message=an+ordinary+text');
const LARGE = Buffer.alloc(2 * 1024 * 1024, 'an upload ');

interface Kind {
  readonly name: string;
  readonly client: (port: number) => Client;
  readonly ask: (count: number) => Ask;
  /** Why it is not what it should be; undefined: it is. */
  readonly wrong: (answer: Answer) => string | undefined;
  readonly pauseMs?: number;
}

/** Who attacks, and who asks too much, come from addresses of their own: others are not to be taken for them. */
const FRIEND = '127.0.0.1';
const ATTACKER = '127.0.0.2';
const GREEDY = '127.0.0.3';

const h2 = (port: number): Client => new Http2Client(port, FRIEND);
const h1 = (port: number): Client => new Http1Client(port, FRIEND, true);
const form = { 'content-type': 'application/x-www-form-urlencoded' };

const is =
  (...statuses: readonly number[]) =>
  ({ status }: Answer): string | undefined =>
    statuses.includes(status) ? undefined : `status ${status}`;
const says =
  (text: string) =>
  (answer: Answer): string | undefined =>
    is(200)(answer) ?? (answer.text === text ? undefined : `the answer is "${answer.text.slice(0, 40)}"`);
const has =
  (bytes: number) =>
  (answer: Answer): string | undefined =>
    is(200)(answer) ?? (answer.bytes === bytes ? undefined : `${answer.bytes} bytes of ${bytes}`);

const get = (): Ask => ({ path: '/' });
const post = (): Ask => ({ method: 'POST', path: '/', body: SMALL, headers: form });
const upload = (): Ask => ({ method: 'POST', path: '/up', body: LARGE });
const download = (): Ask => ({ path: '/big' });

const KINDS: readonly Kind[] = [
  { name: 'GET, h2', client: h2, ask: get, wrong: says('ok') },
  { name: 'GET, http/1.1', client: h1, ask: get, wrong: says('ok') },
  {
    name: 'GET, new connection',
    client: (port) => new Http1Client(port, FRIEND, false),
    ask: get,
    wrong: says('ok'),
  },
  { name: 'POST, h2', client: h2, ask: post, wrong: says(String(SMALL.length)) },
  { name: 'POST, http/1.1', client: h1, ask: post, wrong: says(String(SMALL.length)) },
  { name: 'upload, h2', client: h2, ask: upload, wrong: says(String(LARGE.length)), pauseMs: 500 },
  { name: 'upload, http/1.1', client: h1, ask: upload, wrong: says(String(LARGE.length)), pauseMs: 500 },
  { name: 'download, h2', client: h2, ask: download, wrong: has(BIG_BYTES), pauseMs: 500 },
  { name: 'download, http/1.1', client: h1, ask: download, wrong: has(BIG_BYTES), pauseMs: 500 },
  {
    name: 'stored, h2',
    client: h2,
    ask: (count) => ({ path: `/stored/${count % 50}` }),
    wrong: (answer) => is(200)(answer) ?? (answer.text.startsWith('stored /stored/') ? undefined : 'another answer'),
  },
  {
    name: 'gRPC',
    client: h2,
    ask: (count) => ({ method: 'POST', path: '/Notes/one', headers: GRPC, body: grpcMessage(`note ${count}`) }),
    wrong: (answer) =>
      is(200)(answer) ??
      (answer.trailers['grpc-status'] === '0' ? undefined : `grpc-status ${String(answer.trailers['grpc-status'])}`),
  },
  {
    name: 'attack',
    client: (port) => new Http2Client(port, ATTACKER),
    ask: (count) => ({ path: `/?id=${count}%20UNION%20ALL%20SELECT%20password%20FROM%20users--` }),
    wrong: is(403),
    pauseMs: 100,
  },
  {
    name: 'over the limit',
    client: (port) => new Http2Client(port, GREEDY),
    ask: () => ({ path: '/limited' }),
    wrong: is(200, 429),
  },
  { name: 'flapping server, GET', client: h2, ask: () => ({ path: '/pair/a' }), wrong: says('ok') },
  {
    name: 'flapping server, POST',
    client: h1,
    ask: () => ({ method: 'POST', path: '/pair/a', body: SMALL, headers: form }),
    wrong: says(String(SMALL.length)),
  },
];

const GRPC = { 'content-type': 'application/grpc', te: 'trailers' };

/** Ends when `isOver` says so and what is under way has ended. */
export async function runTraffic(port: number, ledger: Ledger, isOver: () => boolean): Promise<void> {
  await Promise.all(KINDS.map((kind) => runKind(kind, port, ledger, isOver)));
}

async function runKind(kind: Kind, port: number, ledger: Ledger, isOver: () => boolean): Promise<void> {
  const client = kind.client(port);
  for (let count = 0; !isOver(); count++) {
    const trace: Trace = {};
    const beganMs = performance.now();
    const why = await client.ask(kind.ask(count), trace).then(kind.wrong, (error: Error) => error.message);
    if (why === undefined) ledger.done(kind.name);
    else ledger.failed({ kind: kind.name, why, beganMs, port: trace.port });
    await sleep(kind.pauseMs ?? PAUSE_MS);
  }
  client.close();
}

/** Length-prefixed, not compressed. */
function grpcMessage(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}
