// Limits and bans behind a balancer that speaks the PROXY protocol: they are about the client that it names.
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { startGateway, type World } from '../support/world.ts';

async function start(balancers: string, more = ''): Promise<World> {
  const { url } = await startBackend();
  return startGateway(`
listen: { https: "127.0.0.1:0", http: "127.0.0.1:0", proxyProtocol: ["${balancers}"] }
bans: { drop: connection }
sites: { localhost: { to: "${url}", limits: [{ name: few, rate: 1/h }] ${more} } }`);
}

/** The first line of the answer, or an empty text when there is none. */
async function ask({ port, ca }: World, from: string, headers = ''): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  const family = from.includes(':') ? 'TCP6' : 'TCP4';
  const to = from.includes(':') ? '2001:db8::1' : '203.0.113.1';
  if (from !== '') socket.write(`PROXY ${family} ${from} ${to} 51413 443\r\n`);
  const secure = tls.connect({ socket, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
  secure.on('error', () => {});
  let text = '';
  secure.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  secure.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return text.split('\r\n', 1)[0] ?? '';
}

const OK = 'HTTP/1.1 200 OK';
const FULL = 'HTTP/1.1 429 Too Many Requests';

describe('behind a balancer', () => {
  test('each client that it names is counted apart, IPv6 by /64, and none by what it says itself', async () => {
    const world = await start('127.0.0.1');
    expect([await ask(world, '198.51.100.1'), await ask(world, '198.51.100.1')]).toEqual([OK, FULL]);
    expect(await ask(world, '198.51.100.1', 'X-Forwarded-For: 198.51.100.9\r\n')).toBe(FULL);
    expect(await ask(world, '198.51.100.2')).toBe(OK);
    expect([await ask(world, '2001:db8:5::1'), await ask(world, '2001:db8:5::2')]).toEqual([OK, FULL]);
  });

  test('who is banned from all sites is dropped, and nobody else, whatever the ban says of the balancer', async () => {
    const world = await start('127.0.0.1');
    const { bans } = world.gateway.runtime.limits;
    const ban = { site: undefined, cause: 'hand', reason: 'x', forMs: 60_000 } as const;
    bans.add({ ...ban, target: '198.51.100.1' });
    bans.add({ ...ban, target: '127.0.0.0/8' });
    expect(await ask(world, '198.51.100.1')).toBe('');
    expect(await ask(world, '198.51.100.2')).toBe(OK);
  });
});

test('nobody but a balancer names clients', async () => {
  const world = await start('192.0.2.1');
  expect(await ask(world, '198.51.100.1')).toBe('');
  expect([await ask(world, ''), await ask(world, '')]).toEqual([OK, FULL]);
  expect((await world.accessRecords(2)).map(({ client }) => client)).toEqual(['127.0.0.1', '127.0.0.1']);
});
