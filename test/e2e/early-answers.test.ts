// A backend that answers before it has read the request: the client gets the answer, although it is still uploading.
import http2 from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import { startRawBackend } from '../support/backend.ts';
import { describeProtocols, type Over, openTls } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';
import { KINDS, siteOf, startVisited } from '../support/visits.ts';
import { startGateway, type World } from '../support/world.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'u');
const TRIES = 10;

interface Told {
  readonly status: number;
  readonly body: string;
  /** How the exchange ended for the client. */
  readonly end: string;
}

/** Uploads without an end until the answer is whole. */
function upload(over: Over, world: World): Promise<Told> {
  return over === 'h2' ? uploadHttp2(world) : uploadHttp1(world);
}

async function uploadHttp2(world: World): Promise<Told> {
  const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
  onTestFinished(() => session.destroy());
  const stream = session.request({ ':path': '/', ':method': 'POST' });
  let status = 0;
  let body = '';
  stream.on('error', () => {});
  stream.once('response', (fields) => {
    status = Number(fields[':status']);
  });
  stream.on('data', (bytes: Buffer) => {
    body += bytes.toString();
  });
  const more = (): void => {
    while (!stream.destroyed && !stream.closed && stream.write(CHUNK));
  };
  stream.on('drain', more);
  more();
  await new Promise((resolve) => stream.once('close', resolve));
  return { status, body, end: String(stream.rstCode) };
}

async function uploadHttp1(world: World): Promise<Told> {
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  const { promise, resolve } = Promise.withResolvers<Told>();
  let received = '';
  const told = (end: string): void => {
    const [head = '', body = ''] = received.split('\r\n\r\n');
    resolve({ status: Number(head.split(' ')[1]), body: body.replace(/^[\da-f]+\r\n|\r\n0$/g, ''), end });
  };
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
    if (/no, thank you/.test(received)) told('answered');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => told(error.code ?? 'error'));
  socket.on('end', () => told('end'));
  onTestFinished(() => void socket.destroy());
  const more = (): void => {
    while (!socket.destroyed && socket.write(`10000\r\n${CHUNK.toString()}\r\n`));
  };
  socket.on('drain', more);
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
  more();
  return promise;
}

describeProtocols('an early answer', (over) => {
  // RFC 9113, 8.1: the client may stop, and nothing was wrong.
  const end = over === 'h2' ? '0' : 'answered';

  test.for(KINDS.flatMap((kind) => [403, 413].map((status) => [kind, status] as const)))(
    'of a backend over %s (%i) arrives whole',
    async ([kind, status]) => {
      const backend = await startVisited(kind, ({ answer }) => void answer(status).end('no, thank you'));
      const world = await startGateway(siteOf(kind, backend));
      for (let i = 0; i < TRIES; i++) {
        expect(await upload(over, world)).toEqual({ status, body: 'no, thank you', end });
      }
    },
  );

  test('of a backend that closes, or resets what is still coming, arrives whole', async () => {
    const backend = await startRawBackend((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 13\r\n\r\nno, thank you');
        socket.pause();
        // With bytes unread this is a reset.
        socket.end(() => setImmediate(() => socket.destroy()));
      });
    });
    const world = await startGateway(siteOf('http1', backend));
    for (let i = 0; i < TRIES; i++) {
      expect(await upload(over, world)).toEqual({ status: 413, body: 'no, thank you', end });
    }
  });

  test('that goes on after the upload was given up is not cut', async () => {
    const backend = await startVisited('http1', ({ answer }) => {
      const body = answer(413);
      body.write('no, ');
      setImmediate(() => setImmediate(() => body.end('thank you')));
    });
    const world = await startGateway(siteOf('http1', backend));
    expect((await upload(over, world)).body.replace(/\r\n\d*\r?\n?/g, '')).toMatch(/^no, .*thank you/);
  });

  test('of the rules arrives whole too', async () => {
    const world = await startGuarded({
      rules: `SecRule REQUEST_METHOD "@streq POST" "id:1,phase:1,deny,status:403,log"`,
      to: 'http://127.0.0.1:1',
    });
    for (let i = 0; i < TRIES; i++) {
      const told = await uploadUntil403(over, world);
      expect(told).toBe(403);
    }
  });
});

test('an early answer without content arrives too, over h2', async () => {
  const backend = await startRawBackend((socket) => {
    socket.once('data', () => void socket.write('HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n'));
  });
  const world = await startGateway(siteOf('http1', backend));
  for (let i = 0; i < TRIES; i++) expect(await uploadHttp2(world)).toEqual({ status: 304, body: '', end: '0' });
});

/** The page of the gateway itself has other words. */
async function uploadUntil403(over: Over, world: World): Promise<number> {
  if (over === 'h2') return (await uploadHttp2(world)).status;
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  const more = (): void => {
    while (!socket.destroyed && socket.write(`10000\r\n${CHUNK.toString()}\r\n`));
  };
  socket.on('drain', more);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  const answered = new Promise<number>((resolve) => {
    let received = '';
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString();
      if (received.includes('</html>')) resolve(Number(received.split(' ')[1]));
    });
  });
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
  more();
  return answered;
}
