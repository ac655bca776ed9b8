// Parts of answers (206): kept, joined and used where they are surely of one whole (RFC 9111, 3.3 and 3.4).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ask } from '../../src/cache/ask.ts';
import { completed, type EntryHead } from '../../src/cache/entry.ts';
import { joined, type partOf, rangeWithin } from '../../src/cache/part.ts';
import { numbered, type Scene, startScene } from './scene.ts';

const WHOLE = '0123456789';

/** A backend that sends the range that is asked for, as a server of files does. `fields` in place of its own. */
async function startFiles(fields: Readonly<Record<string, string>> = {}, site?: string): Promise<Scene> {
  return startScene(
    ({ headers, method }, response) => {
      const { 0: range, 1: first = '0', 2: last = '' } = /^bytes=(\d*)-(\d*)$/.exec(String(headers.range)) ?? [];
      response.setHeader('etag', '"1"');
      response.setHeader('cache-control', 'max-age=60');
      for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
      if (method === 'POST' || range === undefined) return void response.end(WHOLE);
      const to = last === '' ? WHOLE.length - 1 : Number(last);
      const body = WHOLE.slice(Number(first), to + 1);
      response.statusCode = 206;
      if (!response.hasHeader('content-range')) response.setHeader('content-range', `bytes ${first}-${to}/10`);
      response.setHeader('content-length', body.length);
      response.end(body);
    },
    site === undefined ? {} : { site },
  );
}

const range = (bytes: string): { range: string } => ({ range: `bytes=${bytes}` });

test('a part answers for what it holds, however that is asked for', async () => {
  const { backend, get } = await startFiles();
  await get('/a', range('4-9'));
  for (const [bytes, body, contentRange] of [
    ['4-9', '456789', 'bytes 4-9/10'],
    ['6-7', '67', 'bytes 6-7/10'],
    ['8-', '89', 'bytes 8-9/10'],
    ['-1', '9', 'bytes 9-9/10'],
  ] as const) {
    const answer = await get('/a', range(bytes));
    expect([answer.status, answer.body, answer.headers['content-range']]).toEqual([206, body, contentRange]);
    expect([answer.headers['content-length'], answer.headers.etag]).toEqual([String(body.length), '"1"']);
    expect(answer.headers['cache-status']).toMatch(/hit/);
  }
  expect(backend.seen.length).toBe(1);
  expect((await get('/a', range('3-5'))).body).toBe('345');
  expect(backend.seen.length).toBe(2);
});

test('parts that touch are one, and all of them are the answer', async () => {
  const { backend, get } = await startFiles();
  await get('/a', range('6-9'));
  await get('/a', range('0-3'));
  await get('/a', range('2-6'));
  expect((await get('/a', range('1-8'))).body).toBe('12345678');
  expect(backend.seen.length).toBe(4);
  await get('/a', range('0-4'));
  await get('/a', range('5-9'));
  const answer = await get('/a');
  expect([answer.status, answer.body, answer.headers['content-length']]).toEqual([200, WHOLE, '10']);
  expect(answer.headers['content-range']).toBe(undefined);
});

describe('is not kept', () => {
  test.for([
    ['a part of what a weak ETag names', { etag: 'W/"1"' }],
    ['a part of a whole of unknown length', { 'content-range': 'bytes 0-3/*' }],
    ['one that is not as long as it says', { 'content-range': 'bytes 0-4/10' }],
    ['one that is private', { 'cache-control': 'private, max-age=60' }],
    ['one that sets a cookie', { 'set-cookie': 'a=b' }],
  ] as const)('%s', async ([, fields]) => {
    const { backend, get } = await startFiles(fields);
    await get('/a', range('0-3'));
    await get('/a', range('0-3'));
    expect(backend.seen.length).toBe(2);
  });

  test('what somebody with a cookie asked for', async () => {
    const { backend, get } = await startFiles();
    await get('/a', { ...range('0-3'), cookie: 'a=b' });
    await get('/a', range('0-3'));
    await get('/a', { ...range('0-3'), cookie: 'a=b' });
    expect(backend.seen.length).toBe(3);
  });
});

test('a part is no whole answer, is not for another ETag, and goes when the resource changes', async () => {
  const { backend, get } = await startFiles();
  await get('/a', range('0-8'));
  expect((await get('/b')).body).toBe(WHOLE);
  expect((await get('/a', { ...range('0-3'), 'if-range': '"2"' })).headers['cache-status']).toMatch(/fwd/);
  await get('/a', {}, { method: 'POST', body: 'x' });
  const before = backend.seen.length;
  await get('/a', range('0-3'));
  expect(backend.seen.length).toBe(before + 1);
});

test('parts of two wholes are never joined', async () => {
  let version = 1;
  const { get } = await startScene(({ headers }, response) => {
    const from = headers.range === 'bytes=0-4' ? 0 : 5;
    response.writeHead(206, {
      etag: `"${version}"`,
      'cache-control': 'max-age=60',
      'content-range': `bytes ${from}-${from + 4}/10`,
      'content-length': 5,
    });
    response.end(String(version).repeat(5));
  });
  await get('/a', range('0-4'));
  version = 2;
  expect((await get('/a', range('5-9'))).body).toBe('22222');
  expect((await get('/a', range('0-4'))).body).toBe('22222');
});

test('a whole that is stored counts for more than its parts', async () => {
  const { backend, get } = await startScene(numbered({ 'cache-control': 'max-age=60', etag: '"1"' }));
  await get('/a');
  expect((await get('/a', range('0-1'))).body).toBe('an');
  expect(backend.seen.length).toBe(1);
});

function headOf(part: ReturnType<typeof partOf>, etag = '"1"'): EntryHead {
  return { key: 'k', fields: [], variant: 'v', status: 206, headers: [], etag, part, tags: [] } as unknown as EntryHead;
}

test('whatever parts come, what is made of them is what the whole has there', () => {
  const pieces = fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 100 })), {
    minLength: 1,
  });
  const whole = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
  fc.assert(
    fc.property(pieces, fc.integer({ min: 10, max: 200 }), (parts, maxBytes) => {
      let before: ReturnType<typeof completed> | undefined;
      for (const [from, length] of parts) {
        const body = whole.subarray(from, from + length);
        const { head, body: all } = joined(headOf({ from, total: 100 }), body, before, maxBytes);
        const start = head.part?.from ?? 0;
        expect(all.equals(whole.subarray(start, start + all.length))).toBe(true);
        expect(head.part === undefined).toBe(all.length === 100);
        expect(all.length <= Math.max(maxBytes, body.length)).toBe(true);
        before = head.part === undefined ? undefined : completed(head, all, () => {});
      }
    }),
  );
});

test('whatever is asked of a part, it gives nothing that it has not', () => {
  const bytes = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'bytes=0123456789-, '.split('')) }),
    fc.constantFrom('bytes=5-', 'bytes=-3'),
  );
  const entry = completed(headOf({ from: 5, total: 20 }), Buffer.alloc(10), () => {});
  fc.assert(
    fc.property(bytes, (text) => {
      const within = rangeWithin(entry, { range: text } as Ask);
      expect(within === undefined || (within.from >= 5 && within.to < 15 && within.from <= within.to)).toBe(true);
    }),
  );
});
