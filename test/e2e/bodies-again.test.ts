// A request with a body that fails: sent again where no server has begun with it, or where it may be done twice; else never.
import { expect, test } from 'vitest';
import { type Backend, startBackend, startRawBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { answer, startFrameBackend } from '../support/frame-backend.ts';
import { frame, GOAWAY, RST_STREAM, uint32 } from '../support/frames.ts';
import { siteOf } from '../support/visits.ts';
import { startGateway } from '../support/world.ts';

/** The last stream that was worked on is `last`; and the end. */
const leave = (last: number): Buffer => frame(GOAWAY, 0, 0, Buffer.concat([uint32(last), uint32(0)]));

describeProtocols('a request with a body that an HTTP/2 server', (over) => {
  test.for([
    ['has not begun with when it leaves', () => leave(0)],
    ['refuses', (stream: number) => frame(RST_STREAM, 0, stream, uint32(7))],
  ] as const)('%s goes again, whatever the method', async ([, refuse]) => {
    const bodies: string[] = [];
    const backend = await startFrameBackend(({ stream, body, socket }) => {
      bodies.push(body);
      socket.write(bodies.length === 1 ? refuse(stream) : answer(stream, 'done'));
    });
    const world = await startGateway(siteOf('h2', backend));
    expect(await request(over, world, { method: 'POST', body: 'order' })).toMatchObject({ status: 200, body: 'done' });
    expect(bodies).toEqual(['order', 'order']);
  });

  test('may have begun with is sent once only', async () => {
    const bodies: string[] = [];
    const backend = await startFrameBackend(({ stream, body, socket }) => {
      bodies.push(body);
      socket.end(leave(stream));
    });
    const world = await startGateway(siteOf('h2', backend));
    expect((await request(over, world, { method: 'POST', body: 'order' })).status).toBe(502);
    expect(bodies).toEqual(['order']);
  });
});

/** Reads a whole request with a body of `length` bytes, and dies; from the second connection on it answers. */
async function startDying(length: number): Promise<{ backend: Backend; asked: () => number }> {
  let asked = 0;
  const backend = await startRawBackend((socket) => {
    let received = '';
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      const [, body = ''] = received.split('\r\n\r\n');
      if (body.length < length) return;
      asked++;
      if (backend.connections.count === 1) socket.resetAndDestroy();
      else socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`);
    });
  });
  return { backend, asked: () => asked };
}

describeProtocols('a request with a body whose server dies over it', (over) => {
  test.for([
    ['PUT', 5, 200, 2, ''],
    ['PUT', 16 * 1024, 200, 2, ''],
    ['PUT', 16 * 1024 + 1, 502, 1, ''],
    ['PUT', 5, 502, 1, ', retries: { keepBody: 0 }'],
    ['POST', 5, 502, 1, ''],
  ] as const)('%s with %i bytes gives %i after %i times%s', async ([method, length, status, times, settings]) => {
    const { backend, asked } = await startDying(length);
    const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"]${settings} } }
sites: { localhost: { to: app } }`);
    const body = 'x'.repeat(length);
    const reply = await request(over, world, { method, headers: { 'content-length': String(length) }, body });
    expect([reply.status, asked()]).toEqual([status, times]);
    if (status === 200) expect(reply.body).toBe(body);
  });

  test('goes to another one when the answer is 503, and may be done twice', async () => {
    const bad = await startBackend((_, response) => void response.writeHead(503).end());
    const good = await startBackend();
    const world = await startGateway(`
upstreams: { app: { balance: round-robin, servers: ["${bad.url}", "${good.url}"] } }
sites: { localhost: { to: app } }`);
    for (let i = 0; i < 2; i++) expect((await request(over, world, { method: 'PUT', body: 'abc' })).status).toBe(200);
    expect(bad.seen.map(({ body }) => body.toString())).toContain('abc');
    expect(good.seen.map(({ body }) => body.toString())).toEqual(['abc', 'abc']);
  });
});
