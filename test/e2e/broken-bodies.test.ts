// A request body that breaks the rules of HTTP/1.1 halfway: refused with a reason that is recorded and counted, and nothing
// behind it on the connection is a request.
import type { ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';
import { startBackend, startStreamingBackend } from '../support/backend.ts';
import { exchangeBytes, request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

const head = (method = 'POST'): string =>
  `${method} /x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n`;
const GET = 'GET /y HTTP/1.1\r\nhost: localhost\r\n\r\n';

test.for([
  ['a size that is none', 'POST', '5\r\nhello\r\nxyz\r\nworld\r\n0\r\n\r\n'],
  ['a size that is too large', 'POST', '5\r\nhello\r\nfffffffffffffffff\r\n'],
  ['a chunk longer than it says', 'POST', '3\r\nhello\r\n0\r\n\r\n'],
  ['a bare line feed', 'POST', '5\nhello\r\n0\r\n\r\n'],
  ['an extension that is none', 'POST', '5;\x00\r\nhello\r\n0\r\n\r\n'],
  ['a trailer that is none', 'POST', '5\r\nhello\r\n0\r\na b: c\r\n\r\n'],
  ['a size that is none, of GET', 'GET', 'xyz\r\n\r\n'],
  ['requests behind what broke', 'POST', `5\r\nhello\r\nxyz\r\n${GET.repeat(3)}`],
] as const)('%s gets 400 and a record with the reason', async ([, method, bytes]) => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const answer = await exchangeBytes(world, `${head(method)}${bytes}`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  const [record] = await world.accessRecords(1);
  expect(record).toMatchObject({ status: 400, error: 'bad_request', reason: expect.stringMatching(/^HPE_/) as string });
  expect(Object.fromEntries(world.gateway.records.refusals.entries())).toEqual({ [record?.reason as string]: 1 });
  expect(backend.seen).toEqual([]);
});

test('whoever asked before on the connection is answered', async () => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const answer = await exchangeBytes(world, `${GET}${head()}xyz\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*hello/);
  const records = await world.accessRecords(2);
  expect(records.find(({ path }) => path === '/x')).toMatchObject({ reason: 'HPE_INVALID_CHUNK_SIZE' });
});

test('a body that nobody has begun to read is refused when its turn comes', async () => {
  const taken = Promise.withResolvers<ServerResponse>();
  const backend = await startStreamingBackend((_, response) => taken.resolve(response));
  const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"], maxConnections: 1 } }
sites: { localhost: { to: app } }`);
  const first = request('h2', world);
  const response = await taken.promise;
  const second = exchangeBytes(world, `${head()}xyz\r\n\r\n`);
  await vi.waitFor(() => expect(world.gateway.load.requests).toBe(2));
  response.end('hello');
  expect((await first).status).toBe(200);
  expect(await second).toMatch(/^HTTP\/1\.1 400 /);
});

test('an answer that has begun breaks off', async () => {
  const backend = await startStreamingBackend((_, response) => {
    response.writeHead(200).write('begun');
  });
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const answer = await exchangeBytes(world, `${head()}5\r\nhello\r\nxyz\r\n`);
  expect(answer).not.toMatch(/\r\n0\r\n\r\n$/);
  expect((await world.accessRecords(1))[0]).toMatchObject({ reason: 'HPE_INVALID_CHUNK_SIZE', error: 'bad_request' });
});
