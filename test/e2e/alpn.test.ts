// Which protocol a client gets by what it offers, down to its first answer.
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { openTls } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

test.for([
  { offered: ['http/1.0'], version: '1.0', agreed: 'http/1.0' },
  { offered: ['http/1.0', 'http/1.1'], version: '1.1', agreed: 'http/1.1' },
  { offered: undefined, version: '1.0', agreed: false },
])('a client that offers $offered is answered', async ({ offered, version, agreed }) => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const socket = await openTls(world, offered === undefined ? {} : { ALPNProtocols: offered });
  expect(socket.alpnProtocol).toBe(agreed);
  socket.write(`GET / HTTP/${version}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  expect(text).toMatch(/\r\n\r\nhello$/);
  expect(text).not.toMatch(/transfer-encoding/i);
});

test.for(['http/0.9', 'h2c', 'acme-tls/1', 'h3'])('a client that offers %s is refused', async (protocol) => {
  const world = await startGateway('sites: { localhost: { to: "http://127.0.0.1:1" } }');
  await expect(openTls(world, { ALPNProtocols: [protocol] })).rejects.toThrow(/no.application.protocol/i);
});
