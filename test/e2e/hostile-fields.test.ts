// Fields that a protocol cannot carry end one exchange at most; Node throws on them, and the gateway must not break.
import { expect, test } from 'vitest';
import { startBackend, startH2cBackend, startRawBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

const FIELDS = [
  'connection: x',
  'te: gzip',
  'http2-settings: x',
  'keep-alive: 1',
  'upgrade: x',
  'etag: a',
  'content-type: a',
];

test.for(FIELDS)('a request trailer "%s" towards an HTTP/2 backend', async (field) => {
  const backend = await startH2cBackend((stream) => {
    stream.resume();
    stream.respond({ ':status': 200 }, { endStream: true });
  });
  const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"], protocol: h2 } }
sites: { localhost: { to: app } }`);
  const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
  await exchangeBytes(world, `${head}1\r\na\r\n0\r\n${field}\r\n${field}\r\n\r\n`);
  expect((await request('h2', world)).status).toBe(200);
});

describeProtocols('an answer', (over) => {
  test.for(FIELDS)('with the trailer "%s" twice', async (field) => {
    const backend = await startRawBackend((socket) => {
      socket.on('data', () => {
        socket.write(
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n${field}\r\n${field}\r\n\r\n`,
        );
      });
    });
    const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
    await request(over, world).catch(() => {});
    expect(await request(over, world).catch(() => 'cut')).toBeDefined();
    expect(world.gateway.state).toBe('ready');
  });

  test.for(['</a>; rel=preload, </b>; rel=preload', '</a>; rel=preload; title="a b"', ''])(
    'after early hints "%s"',
    async (link) => {
      const backend = await startH2cBackend((stream) => {
        stream.additionalHeaders({ ':status': 103, link });
        stream.respond({ ':status': 200 });
        stream.end('hello');
      });
      const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"], protocol: h2 } }
sites: { localhost: { to: app } }`);
      expect(await request(over, world)).toMatchObject({ status: 200, body: 'hello' });
    },
  );

  test('with a field twice that Node wants once', async () => {
    const backend = await startBackend((_, response) => {
      response.writeHead(200, [
        'retry-after',
        '1',
        'retry-after',
        '2',
        'etag',
        'a',
        'etag',
        'b',
        'content-length',
        '2',
      ]);
      response.end('ok');
    });
    const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
    expect(await request(over, world)).toMatchObject({ status: 200, body: 'ok' });
  });

  test('keeps announced trailers behind a counted body of an HTTP/2 backend', async () => {
    const backend = await startH2cBackend((stream) => {
      stream.respond({ ':status': 200, 'content-length': 3, trailer: 'x-sum' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
      stream.end('abc');
    });
    const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"], protocol: h2 } }
sites: { localhost: { to: app } }`);
    const answer = await request(over, world);
    expect(answer.body).toBe('abc');
    expect(answer.trailers).toMatchObject({ 'x-sum': '7' });
  });
});
