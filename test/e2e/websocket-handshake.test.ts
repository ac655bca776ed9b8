// What follows a 101 is seen by nobody: only a real handshake opens a tunnel.
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { exchangeBytes } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

const KEY = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==';
const VERSION = 'sec-websocket-version: 13';

/** To that key. */
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** Agrees to everything, with that answer to the key. */
async function startAgreeing(accept = 'x'): Promise<{ url: string; seen: () => number }> {
  let seen = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      seen++;
      const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade'];
      socket.end(`${[...head, `sec-websocket-accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, seen: () => seen };
}

test.for([
  ['without a key', [VERSION], 400, 0],
  ['with two keys', [KEY, KEY, VERSION], 400, 0],
  ['with a key of another length', ['sec-websocket-key: abc', VERSION], 400, 0],
  ['of another version', [KEY, 'sec-websocket-version: 777'], 400, 0],
  ['whose backend does not answer the key', [KEY, VERSION], 502, 1],
] as const)('a handshake %s opens no tunnel', async ([, fields, status, asked]) => {
  const backend = await startAgreeing();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const head = ['GET /ws HTTP/1.1', 'host: localhost', 'connection: Upgrade', 'upgrade: websocket', ...fields];
  expect(await exchangeBytes(world, `${head.join('\r\n')}\r\n\r\n`)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(backend.seen()).toBe(asked);
});

test('a switch has no content whose length could be told', async () => {
  const backend = await startAgreeing(ACCEPT);
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const head = ['GET /ws HTTP/1.1', 'host: localhost', 'connection: Upgrade', 'upgrade: websocket', KEY, VERSION];
  const answer = await exchangeBytes(world, `${head.join('\r\n')}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 101 /);
  expect(answer).not.toMatch(/content-length/i);
});
