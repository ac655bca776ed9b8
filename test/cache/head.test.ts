// What a HEAD says of a stored answer (RFC 9111, 4.3.5), and what it must not do to one.
import type { ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';
import { type Scene, startScene } from './scene.ts';

/** Answers each request in turn; `stored` to the first. */
async function startTurns(...turns: ((response: ServerResponse) => void)[]): Promise<Scene> {
  let count = 0;
  return startScene((_, response) => (turns[count++] ?? turns.at(-1))?.(response));
}

const whole =
  (etag: string, cacheControl: string) =>
  (response: ServerResponse): void =>
    void response.writeHead(200, { etag, 'cache-control': cacheControl, 'x-turn': cacheControl }).end('stored');

const head = { method: 'HEAD' };

test.for([
  ['a 304', (response: ServerResponse): void => void response.writeHead(304, { 'cache-control': 'max-age=60' }).end()],
  ['the same as what is stored', whole('"1"', 'max-age=60')],
] as const)('a HEAD freshens: %s', async ([, turn]) => {
  const { backend, get } = await startTurns(whole('"1"', 'max-age=0'), turn);
  await get('/a');
  const answer = await get('/a', {}, head);
  expect([answer.status, answer.body]).toEqual([200, '']);
  const later = await get('/a');
  expect([later.body, later.headers['cache-control'], backend.seen.length]).toEqual(['stored', 'max-age=60', 2]);
  expect(backend.seen[1]?.headers['if-none-match']).toBe('"1"');
});

test.for([
  ['another ETag', { etag: '"2"' }],
  ['another length', { etag: '"1"', 'content-length': '7' }],
  ['no validator', {}],
] as const)('a HEAD of something else throws away what is stored, and is not stored: %s', async ([, fields]) => {
  const { backend, get } = await startTurns(
    whole('"1"', 'max-age=0'),
    (response) => void response.writeHead(200, { ...fields, 'cache-control': 'max-age=60' }).end(),
    whole('"3"', 'max-age=60'),
  );
  await get('/a');
  await get('/a', {}, head);
  expect((await get('/a')).headers.etag).toBe('"3"');
  expect(backend.seen[2]?.headers['if-none-match']).toBe(undefined);
});

test('a HEAD that gets a stale answer has it refreshed by a GET', async () => {
  const { backend, get } = await startTurns(
    whole('"1"', 'max-age=0, stale-while-revalidate=60'),
    whole('"2"', 'max-age=60'),
  );
  await get('/a');
  expect((await get('/a', {}, head)).headers.etag).toBe('"1"');
  await vi.waitFor(async () => expect((await get('/a')).headers.etag).toBe('"2"'));
  expect(backend.seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
});
