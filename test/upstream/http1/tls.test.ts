// The same client over TLS: nothing in it may depend on what kind of socket it has.
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { Http1Connection } from '../../../src/upstream/http1/connection.ts';
import { call, eventually, failure, get, Peer, source, TestSource, textOf } from './support.ts';

/** A shared key spares the certificates. */
const PSK = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
const KEY = Buffer.alloc(16, 'k');

async function openTls(): Promise<{ connection: Http1Connection; peer: Peer; raw: net.Socket; told: string[] }> {
  const server = tls.createServer({ ...PSK, pskCallback: () => KEY, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const raw = once(server, 'connection') as Promise<[net.Socket]>;
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
  const socket = tls.connect({
    ...PSK,
    port: (server.address() as net.AddressInfo).port,
    host: '127.0.0.1',
    pskCallback: () => ({ psk: KEY, identity: 'gatehouse' }),
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  const peer = new Peer((await accepted)[0]);
  const told: string[] = [];
  const connection = new Http1Connection(socket, {
    timeoutMs: 5000,
    onIdle: () => told.push('idle'),
    onClose: () => told.push('close'),
  });
  onTestFinished(() => {
    connection.destroy();
    peer.socket.destroy();
    server.close();
  });
  return { connection, peer, raw: (await raw)[0], told };
}

test('calls with and without bodies share one connection', async () => {
  const { connection, peer, told } = await openTls();
  for (let i = 0; i < 5; i += 1) {
    const got = connection.send(get(`/${i}`));
    await peer.answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
    expect(await textOf(await got)).toBe('hello');
    const posted = connection.send(call('POST', source(['hello', 'world'])));
    await peer.take('0\r\n\r\n');
    peer.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-A: 1\r\n\r\n');
    expect(await posted).toMatchObject({ status: 200, trailers: ['x-a', '1'] });
  }
  expect(told).toEqual(Array(10).fill('idle'));
});

test('a body up to close_notify is whole', async () => {
  const { connection, peer } = await openTls();
  const sent = connection.send(get());
  await peer.answer('HTTP/1.1 200 OK\r\n\r\nall of it');
  peer.socket.end();
  expect(await textOf(await sent)).toBe('all of it');
});

test('a reset fails what is under way', async () => {
  const { connection, peer, raw, told } = await openTls();
  const sent = connection.send(get());
  await peer.answer('HTTP/1.1 200 OK\r\n\r\nhalf of');
  const text = textOf(await sent);
  raw.resetAndDestroy();
  expect(await text).toBe('half of!upstream_closed');
  expect(told).toEqual(['close']);
});

test('an answer that came before writing failed is delivered', async () => {
  const { connection, peer, raw } = await openTls();
  const body = new TestSource(10_000_000);
  const sent = connection.send(call('POST', body));
  body.sink?.write(Buffer.alloc(1000, 'x'));
  await peer.take();
  peer.socket.pause();
  peer.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig');
  await eventually(() => peer.socket.writableLength === 0);
  raw.resetAndDestroy();
  while (body.sink?.write(Buffer.alloc(65_536, 'x')) === true);
  expect((await sent).status).toBe(413);
});

test('bytes that are no TLS end the connection', async () => {
  const { connection, peer, raw } = await openTls();
  const sent = failure(connection.send(get()));
  await peer.take();
  net.Socket.prototype.write.call(raw, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  const startedAt = performance.now();
  expect(await sent).toBe('upstream_closed');
  expect(performance.now() - startedAt).toBeLessThan(500);
});
