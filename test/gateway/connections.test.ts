import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { openTls, request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

test.for([
  ['requestLimits: { connections: 2 }', 2],
  ['requestLimits: { connectionsPerIp: 3 }', 3],
] as const)('with %s one more connection is closed at once, and room comes back', async ([limits, count]) => {
  const app = await startBackend();
  const world = await startGateway(`${limits}\nsites: { localhost: { to: "${app.url}" } }`);
  const open = [];
  for (let i = 0; i < count; i++) open.push(await openTls(world));
  await expect(openTls(world)).rejects.toThrow();
  for (const socket of open) socket.destroy();
  await vi.waitFor(() => expect(world.gateway.load.connections).toBe(0));
  expect((await request('h2', world)).status).toBe(200);
});

test('an idle connection is closed after timeouts.idle, over both protocols', async () => {
  const app = await startBackend();
  const world = await startGateway(`timeouts: { idle: 200ms }\nsites: { localhost: { to: "${app.url}" } }`);
  for (const ALPNProtocols of [['http/1.1'], ['h2']]) {
    const socket = await openTls(world, { ALPNProtocols });
    socket.resume();
    if (ALPNProtocols[0] === 'http/1.1') socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    else socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
    await new Promise((resolve) => socket.once('close', resolve));
  }
});

test('a handshake and a request head that do not come in time end the connection', async () => {
  const world = await startGateway('timeouts: { headers: 300ms }\nsites: { localhost: { to: "http://127.0.0.1:1" } }');
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.write('GET / HTTP/1.1\r\nHost: loc');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect((await world.accessRecords(1))[0]).toMatchObject({ status: 408 });
});

test('a request body that stops coming is given up with 408', async () => {
  const app = await startBackend();
  const world = await startGateway(`timeouts: { body: 200ms }\nsites: { localhost: { to: "${app.url}" } }`);
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc');
  await vi.waitFor(() => expect(answer).toMatch(/^HTTP\/1\.1 408 /));
  expect(app.seen).toHaveLength(0);
});

test('a request that is on its way when the gateway stops is answered, and told that the connection ends', async () => {
  const app = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${app.url}" } }`);
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const answers = (): string[] => text.split('HTTP/1.1 ').slice(1);
  const closed = once(socket, 'close');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await vi.waitFor(() => expect(answers()).toHaveLength(1));
  const stopped = world.gateway.stop(60_000);
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc');
  await closed;
  await stopped;
  expect(answers()[1]).toMatch(/^200 .*\r\nconnection: close\r\n/is);
});

test('certificates loaded anew serve new handshakes, and open connections stay', async () => {
  const app = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${app.url}" } }`);
  const before = await openTls(world);
  const shown = before.getPeerCertificate().fingerprint256;
  const { rm } = await import('node:fs/promises');
  await rm(`${world.folder}/certs/internal/leaves`, { recursive: true, force: true });
  await world.gateway.refreshCertificates();
  const after = await openTls(world);
  expect(after.getPeerCertificate().fingerprint256).not.toBe(shown);
  expect(before.destroyed).toBe(false);
});
