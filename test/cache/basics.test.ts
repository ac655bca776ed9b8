// The cache as a client sees it, through the whole gateway.
import { expect, onTestFinished, test, vi } from 'vitest';
import { describeProtocols } from '../support/client.ts';
import { type Answering, bodies, numbered, startScene } from './scene.ts';

const ETAG = '"v1"';

describeProtocols('a stored answer', (over) => {
  test('serves the next client, with its age and how it came about', async () => {
    const { backend, get, world } = await startScene(numbered({ 'cache-control': 'max-age=60' }), { over });
    const [first, second] = [await get('/a'), await get('/a')];
    expect(bodies([first, second])).toEqual(['answer 1', 'answer 1']);
    expect(backend.seen.length).toBe(1);
    expect(first.headers['cache-status']).toBe('gatehouse; fwd=uri-miss; stored');
    expect(second.headers['cache-status']).toMatch(/^gatehouse; hit; ttl=\d+$/);
    expect(second.headers.age).toMatch(/^\d+$/);
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect((await world.accessRecords(2)).map(({ cache }) => cache)).toEqual(['miss', 'hit']);
  });

  test('answers HEAD without a body, and HEAD stores nothing', async () => {
    const { backend, get } = await startScene(numbered({ 'cache-control': 'max-age=60' }), { over });
    await get('/a', {}, { method: 'HEAD' });
    expect((await get('/a')).body).toBe('answer 2');
    const head = await get('/a', {}, { method: 'HEAD' });
    expect([head.body, head.headers['content-length'], backend.seen.length]).toEqual(['', '8', 2]);
  });

  test('answers conditions and ranges', async () => {
    const headers = { 'cache-control': 'max-age=60', etag: ETAG, 'last-modified': 'Sat, 01 Nov 2025 00:00:00 GMT' };
    const { backend, get } = await startScene(numbered(headers), { over });
    await get('/a');
    const same = await get('/a', { 'if-none-match': `"x", W/${ETAG}` });
    expect([same.status, same.body, same.headers.etag]).toEqual([304, '', ETAG]);
    expect((await get('/a', { 'if-none-match': '"x"' })).status).toBe(200);
    expect((await get('/a', { 'if-modified-since': 'Sat, 01 Nov 2025 00:00:00 GMT' })).status).toBe(304);
    expect((await get('/a', { 'if-modified-since': 'Fri, 31 Oct 2025 00:00:00 GMT' })).status).toBe(200);
    const part = await get('/a', { range: 'bytes=2-4' });
    expect([part.status, part.body, part.headers['content-range']]).toEqual([206, 'swe', 'bytes 2-4/8']);
    expect((await get('/a', { range: 'bytes=-1' })).body).toBe('1');
    expect((await get('/a', { range: 'bytes=0-1', 'if-range': ETAG })).status).toBe(206);
    expect((await get('/a', { range: 'bytes=0-1', 'if-range': '"old"' })).status).toBe(200);
    const outside = await get('/a', { range: 'bytes=9-' });
    expect([outside.status, outside.headers['content-range']]).toEqual([416, 'bytes */8']);
    expect(backend.seen.length).toBe(1);
  });

  test('is brought up to date by a 304', async () => {
    let isFirst = true;
    const { backend, get } = await startScene(
      ({ headers }, response) => {
        response.setHeader('etag', ETAG);
        response.setHeader('cache-control', isFirst ? 'max-age=0' : 'max-age=60');
        response.setHeader('x-version', isFirst ? 'one' : 'two');
        isFirst = false;
        if (headers['if-none-match'] === ETAG) response.writeHead(304);
        response.end(headers['if-none-match'] === ETAG ? undefined : 'body');
      },
      { over },
    );
    await get('/a');
    const fresh = await get('/a', { 'if-none-match': '"of the client"' });
    expect([fresh.status, fresh.body, fresh.headers['x-version']]).toEqual([200, 'body', 'two']);
    expect(fresh.headers['cache-status']).toMatch(/^gatehouse; fwd=stale; fwd-status=304; stored; ttl=\d+$/);
    const after = await get('/a');
    expect([after.headers['x-version'], backend.seen.length]).toEqual(['two', 2]);
    expect(backend.seen[1]?.headers['if-none-match']).toBe(ETAG);
  });
});

test('what says nothing of its life is stored only where the site says for how long', async () => {
  const silent = await startScene(numbered({}));
  expect(bodies([await silent.get('/a'), await silent.get('/a')])).toEqual(['answer 1', 'answer 2']);
  const told = await startScene(numbered({}), { site: 'cache: { ttl: 1m }' });
  expect(bodies([await told.get('/a'), await told.get('/a')])).toEqual(['answer 1', 'answer 1']);
});

test.for([
  ['a second before', 1000, 206],
  ['in the same second', 0, 200],
] as const)('If-Range: a Last-Modified %s the Date (RFC 9110, 8.8.2.2)', async ([, beforeMs, status]) => {
  const date = Date.now();
  const modified = new Date(date - beforeMs).toUTCString();
  const fields = { 'cache-control': 'max-age=60', date: new Date(date).toUTCString(), 'last-modified': modified };
  const { get } = await startScene(numbered(fields));
  await get('/a');
  expect((await get('/a', { range: 'bytes=0-1', 'if-range': modified })).status).toBe(status);
});

test('a clock that is set back makes nothing live longer', async () => {
  const { get } = await startScene(numbered({ 'cache-control': 'max-age=60' }));
  await get('/a');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  expect(bodies([await get('/a'), await get('/a')])).toEqual(['answer 2', 'answer 2']);
});

test('an answer is for requests with the same values of what Vary names', async () => {
  const { get } = await startScene(numbered({ 'cache-control': 'max-age=60', vary: 'Accept-Language, X-Form' }));
  const first = await get('/a', { 'accept-language': 'en, de' });
  expect((await get('/a', { 'accept-language': 'EN,de' })).body).toBe(first.body);
  expect((await get('/a', { 'accept-language': 'de' })).body).toBe('answer 2');
  expect((await get('/a', { 'accept-language': 'en, de', 'x-form': '' })).body).toBe('answer 3');
  expect((await get('/a', { 'accept-language': 'de' })).headers['cache-status']).toMatch(/^gatehouse; hit/);
});

test('a client may ask for no stored answer, or for nothing else', async () => {
  const { get } = await startScene(numbered({ 'cache-control': 'max-age=60' }));
  expect((await get('/a', { 'cache-control': 'only-if-cached' })).status).toBe(504);
  await get('/a');
  expect((await get('/a', { 'cache-control': 'only-if-cached' })).body).toBe('answer 1');
  expect((await get('/a', { 'cache-control': 'no-cache' })).body).toBe('answer 2');
  expect((await get('/a', { pragma: 'no-cache' })).body).toBe('answer 3');
  expect((await get('/a', { 'cache-control': 'no-store' })).body).toBe('answer 4');
  expect((await get('/a')).body).toBe('answer 3');
});

test('a request that changes something makes what is stored under its URL invalid, by whatever route', async () => {
  const { backend, get } = await startScene(
    ({ method }, response) => {
      response.setHeader('cache-control', 'max-age=60');
      if (method === 'POST') response.setHeader('location', '/list');
      response.end(`${method} ${backend.seen.length}`);
    },
    { site: 'cache: true, routes: [{ match: { method: [POST, PUT] }, cache: false }]' },
  );
  for (const path of ['/item', '/list', '/other']) await get(path);
  await get('/item', {}, { method: 'POST', body: 'x' });
  expect(bodies([await get('/item'), await get('/list'), await get('/other')])).toEqual(['GET 5', 'GET 6', 'GET 3']);
});

test('a failed change leaves it as it is', async () => {
  const { get } = await startScene(({ method }, response) => {
    response.setHeader('cache-control', 'max-age=60');
    if (method === 'DELETE') response.statusCode = 403;
    response.end(method);
  });
  await get('/item');
  await get('/item', {}, { method: 'DELETE' });
  expect((await get('/item')).headers['cache-status']).toMatch(/hit/);
});

test('stale-while-revalidate: the stored answer at once, and a fresh one beside', async () => {
  let count = 0;
  const { backend, get } = await startScene((_, response) => {
    response.setHeader('etag', `"${++count}"`);
    response.setHeader('cache-control', count === 1 ? 'max-age=0, stale-while-revalidate=60' : 'max-age=60');
    response.end(`answer ${count}`);
  });
  await get('/a');
  expect((await get('/a')).body).toBe('answer 1');
  await vi.waitFor(async () => expect((await get('/a')).body).toBe('answer 2'));
  expect(backend.seen.length).toBe(2);
});

test.for([
  ['W/"a"', 'W/"b"', 'answer 3'],
  ['"a"', 'W/"b"', 'answer 3'],
  ['"a"', '"b"', 'answer 3'],
  ['W/"a"', '"a"', 'answer 3'],
  ['"a"', 'W/"a"', 'answer 1'],
  ['W/"a"', 'W/"a"', 'answer 1'],
] as const)(
  'a 304 about another answer than the stored one says nothing of it: %s, %s',
  async ([stored, told, body]) => {
    let count = 0;
    const { get } = await startScene(({ headers }, response) => {
      response.setHeader('cache-control', 'max-age=60');
      const isAsked = headers['if-none-match'] !== undefined;
      response.setHeader('etag', isAsked ? told : stored);
      response.statusCode = isAsked ? 304 : 200;
      response.end(`answer ${++count}`);
    });
    await get('/a');
    expect((await get('/a', { 'cache-control': 'no-cache' })).body).toBe(body);
  },
);

test.for([['a status of 503'], ['a broken connection']] as const)(
  'stale-if-error: the stored answer stands in for %s',
  async ([kind]) => {
    let count = 0;
    const { get, world } = await startScene((_, response) => {
      response.setHeader('etag', '"1"');
      response.setHeader('cache-control', 'max-age=0, stale-if-error=60');
      if (count++ === 0) response.end('stored');
      else if (kind === 'a broken connection') response.destroy();
      else response.writeHead(503).end('down');
    });
    await get('/a');
    const answer = await get('/a');
    expect([answer.status, answer.body]).toEqual([200, 'stored']);
    // It went forward, so it is no hit (RFC 9211, 2.1).
    const said = kind === 'a broken connection' ? '' : ' fwd-status=503;';
    expect(answer.headers['cache-status']).toMatch(new RegExp(`^gatehouse; fwd=stale;${said} ttl=-?\\d+$`));
    expect((await world.accessRecords(2)).map(({ cache }) => cache)).toEqual(['miss', 'stale']);
  },
);

test('cache.staleIfError: the same for answers that say nothing of it, on the word of the site', async () => {
  let count = 0;
  const answering: Answering = (_, response) => {
    response.setHeader('etag', '"1"');
    response.setHeader('cache-control', 'max-age=0');
    if (count++ > 0) response.statusCode = 503;
    response.end('stored');
  };
  const { get } = await startScene(answering, { site: 'cache: { staleIfError: 1m }' });
  await get('/a');
  expect((await get('/a')).status).toBe(200);
  expect((await get('/b')).status).toBe(503);
});

test.for([
  ['max-age=0', {}, 200],
  ['max-age=0', { site: 'cache: { staleIfDisconnected: null }' }, 502],
  ['max-age=0, must-revalidate', {}, 502],
  ['max-age=0, stale-if-error=0', {}, 502],
  ['s-maxage=0', {}, 502],
] as const)('while the backend is gone: %s with %j is %i', async ([control, options, status]) => {
  let count = 0;
  const { get } = await startScene((_, response) => {
    response.setHeader('etag', '"1"');
    response.setHeader('cache-control', control);
    if (count++ > 0) response.destroy();
    else response.end('stored');
  }, options);
  await get('/a');
  expect((await get('/a')).status).toBe(status);
});

test.for(['must-revalidate', 'proxy-revalidate', 's-maxage=0', 'no-cache'])('%s: never stale', async (directive) => {
  let count = 0;
  const { get } = await startScene((_, response) => {
    response.setHeader('etag', '"1"');
    response.setHeader('cache-control', `max-age=0, stale-if-error=60, stale-while-revalidate=60, ${directive}`);
    if (count++ > 0) response.statusCode = 503;
    response.end('x');
  });
  await get('/a');
  expect((await get('/a')).status).toBe(503);
});

test('tags are for caches: no client sees them', async () => {
  const { get } = await startScene(
    numbered({ 'cache-control': 'max-age=60', 'surrogate-key': 'a b', 'cache-tag': 'c' }),
  );
  for (const { headers } of [await get('/a'), await get('/a')])
    expect([headers['surrogate-key'], headers['cache-tag']]).toEqual([undefined, undefined]);
});

test('what an application says to browsers reaches who comes later too', async () => {
  const headers = {
    'cache-control': 'max-age=60',
    'strict-transport-security': 'max-age=5',
    'x-frame-options': 'DENY',
  };
  const { get } = await startScene(numbered(headers));
  for (const answer of [await get('/a'), await get('/a')]) expect(answer.headers).toMatchObject(headers);
});

test('the other names of a header reach a client that comes later too', async () => {
  const headers = { 'cache-control': 'max-age=60, no-cache="x-once"', 'x-once': '1', link: ['</a>', '</b>'] };
  const { get } = await startScene(numbered(headers));
  await get('/a');
  const second = await get('/a');
  expect([second.headers.link, second.headers['x-once']]).toEqual(['</a>, </b>', undefined]);
});

test('a reload keeps what is stored, unless the site is another', async () => {
  const { world, backend, get } = await startScene(numbered({ 'cache-control': 'max-age=60' }));
  await get('/a');
  const site = `to: "${backend.url}"`;
  await world.gateway.reload(world.config(`sites: { localhost: { ${site}, cache: { store: memory } } }`));
  expect((await get('/a')).body).toBe('answer 1');
  await world.gateway.reload(world.config(`sites: { localhost: { ${site}, cache: { ttl: 1h } } }`));
  expect((await get('/a')).body).toBe('answer 2');
  await world.gateway.reload(world.config(`sites: { localhost: { ${site} } }`));
  expect((await get('/a')).headers['cache-status']).toBe(undefined);
});

test('early hints of the one who fetches go on, and the answer is stored', async () => {
  const { backend, get } = await startScene((_, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.setHeader('cache-control', 'max-age=60');
    response.end('hello');
  });
  const [first, second] = [await get('/a'), await get('/a')];
  expect([first.interim, second.interim, second.body, backend.seen.length]).toEqual([[103], [], 'hello', 1]);
});
