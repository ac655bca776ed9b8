// HTTP/2 frame by frame, by the sections of RFC 9113 and RFC 7541 that h2spec looks at. The frames are read by nghttp2 within
// Node; what it is known to be lenient with stands here as `lenient`, so that a change is noticed.
import { expect, test } from 'vitest';
import { startBackend } from '../../support/backend.ts';
import { openTls, request } from '../../support/client.ts';
import { FrameClient, PREFACE } from '../../support/frames.ts';
import { startGateway } from '../../support/world.ts';
import { CASES } from './frame-cases.ts';

test('a faulty frame ends its stream or its connection, and nobody else’s', async () => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  for (const [section, name, frames, outcome] of CASES) {
    const client = await FrameClient.open(world);
    client.send(...frames);
    const isAlive = await client.ping(9);
    if (outcome === 'served') await client.ended(1);
    const shown = `${section}, ${name}: alive ${isAlive}, goaway ${client.goAway}, reset ${client.resetCode(1)}, ${client.status(1)}`;
    if (outcome === 'connection') expect.soft(!isAlive || client.goAway !== undefined, shown).toBe(true);
    else if (outcome === 'stream') expect.soft(!isAlive || client.resetCode(1) !== undefined, shown).toBe(true);
    else if (outcome === 'served') expect.soft(client.status(1), shown).toBe(200);
    else expect.soft(isAlive, shown).toBe(true);
    client.close();
  }
  expect((await request('h2', world)).status).toBe(200);
});

test.for([
  ['HTTP/1.1 where HTTP/2 was agreed on', 'h2', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['HTTP/2 where HTTP/1.1 was agreed on', 'http/1.1', PREFACE.toString('latin1')],
  ['a preface that is none', 'h2', 'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'],
  ['nonsense', 'http/1.1', '\x00\x01\x02\x03'],
] as const)('%s reaches nobody', async ([, protocol, bytes]) => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const socket = await openTls(world, { ALPNProtocols: [protocol] });
  socket.on('error', () => {});
  socket.resume();
  socket.write(bytes, 'latin1');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(backend.seen).toEqual([]);
});

test('a protocol that nobody speaks ends the handshake', async () => {
  const world = await startGateway('sites: { localhost: { to: "http://127.0.0.1:1" } }');
  await expect(openTls(world, { ALPNProtocols: ['spdy/3.1'] })).rejects.toThrow(/no application protocol/);
});
