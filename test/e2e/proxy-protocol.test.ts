// Behind a balancer that speaks the PROXY protocol: the client is who it says, and nobody else can say so.
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Backend, startBackend } from '../support/backend.ts';
import { startGateway, type World } from '../support/world.ts';

const LINE = Buffer.from('PROXY TCP4 192.0.2.7 203.0.113.1 51413 443\r\n');
const BINARY = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207cb007101c8d501bb', 'hex');
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

async function start(more = '', balancers = '127.0.0.1'): Promise<{ world: World; backend: Backend }> {
  const backend = await startBackend();
  const world = await startGateway(`
listen: { https: "127.0.0.1:0", http: "127.0.0.1:0", proxyProtocol: ["${balancers}"] }
${more}
sites: { localhost: { to: "${backend.url}" } }`);
  return { world, backend };
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** All that comes until the other side closes. */
function received(socket: net.Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

async function overTls(
  { port, ca }: World,
  header: Buffer,
  ALPNProtocols: string[] = ['http/1.1'],
): Promise<tls.TLSSocket> {
  const socket = await connect(port);
  socket.write(header);
  const secure = tls.connect({ socket, ca, servername: 'localhost', ALPNProtocols });
  secure.on('error', () => {});
  return secure;
}

describe('a connection from a balancer', () => {
  test.for([
    ['version 1', LINE],
    ['version 2', BINARY],
  ] as const)('carries its client along, %s', async ([, header]) => {
    const { world, backend } = await start();
    const secure = await overTls(world, header);
    secure.write(GET);
    expect(await received(secure)).toMatch(/^HTTP\/1\.1 200 /);
    expect(backend.seen[0]?.headers).toMatchObject({ 'x-forwarded-for': '192.0.2.7', 'x-real-ip': '192.0.2.7' });
    expect((await world.accessRecords(1))[0]).toMatchObject({ client: '192.0.2.7' });
  });

  test('over HTTP/2 too', async () => {
    const { world, backend } = await start();
    const secure = await overTls(world, BINARY, ['h2']);
    const session = http2.connect('https://localhost', { createConnection: () => secure });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': '/' });
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(backend.seen[0]?.headers['x-forwarded-for']).toBe('192.0.2.7');
  });

  test('on the plain port, in one piece with its request or byte by byte', async () => {
    const { world } = await start();
    const whole = await connect(world.httpPort);
    whole.write(Buffer.concat([LINE, Buffer.from(GET)]));
    expect(await received(whole)).toMatch(/^HTTP\/1\.1 308 /);
    const slow = await connect(world.httpPort);
    slow.setNoDelay(true);
    const answer = received(slow);
    for (const byte of Buffer.concat([BINARY, Buffer.from(GET)])) {
      await new Promise((resolve) => slow.write(Buffer.from([byte]), resolve));
    }
    expect(await answer).toMatch(/^HTTP\/1\.1 308 /);
    expect((await world.accessRecords(2)).map(({ client }) => client)).toEqual(['192.0.2.7', '192.0.2.7']);
  });

  test('speaks for the balancer itself where it says so', async () => {
    const { world } = await start();
    const secure = await overTls(world, Buffer.from('PROXY UNKNOWN\r\n'));
    secure.write(GET);
    expect(await received(secure)).toMatch(/^HTTP\/1\.1 200 /);
    expect((await world.accessRecords(1))[0]).toMatchObject({ client: '127.0.0.1' });
  });

  test('counts for its client', async () => {
    const { world } = await start('requestLimits: { connectionsPerIp: 1 }');
    const first = await overTls(world, LINE);
    await new Promise((resolve) => first.once('secureConnect', resolve));
    expect(await received(await overTls(world, LINE))).toBe('');
    const other = await overTls(world, Buffer.from('PROXY TCP4 192.0.2.8 203.0.113.1 1 443\r\n'));
    other.write(GET);
    expect(await received(other)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.for([
    ['says nothing of its client', GET],
    ['says it wrongly', 'PROXY TCP4 192.0.2.7 203.0.113.1 1 99999\r\n'],
    ['begins with TLS', '\x16\x03\x01\x02\x00\x01\x00'],
  ] as const)('that %s is closed', async ([, bytes]) => {
    const { world, backend } = await start();
    for (const port of [world.port, world.httpPort]) {
      const socket = await connect(port);
      socket.write(bytes, 'latin1');
      expect(await received(socket)).toBe('');
    }
    expect(Object.fromEntries(world.gateway.records.closures.entries())).toEqual({ 'proxy-protocol': 2 });
    expect(backend.seen).toEqual([]);
  });

  test('that takes too long to say it is closed', async () => {
    const { world } = await start('timeouts: { handshake: 200ms }');
    const socket = await connect(world.port);
    socket.write('PROXY TCP4 192.0');
    expect(await received(socket)).toBe('');
  });
});

test('nobody who is not listed can say who he is', async () => {
  const { world, backend } = await start('', '10.0.0.0/8');
  const plain = await connect(world.httpPort);
  plain.write(Buffer.concat([LINE, Buffer.from(GET)]));
  expect(await received(plain)).toMatch(/^HTTP\/1\.1 400 /);
  const secure = await overTls(world, LINE);
  secure.write(GET);
  expect(await received(secure)).toBe('');
  expect(backend.seen).toEqual([]);
});
