// The sample app over real sockets: what it offers, its holes, and the bounds that keep them harmless.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ATTACKS } from '../../src/cli/demo-app/attacks.ts';
import { type DemoApp, startDemoApp } from '../../src/cli/demo-app/server.ts';
import type { Received } from '../../src/cli/demo-app/shelf.ts';

let app: DemoApp;
beforeEach(async () => {
  app = await startDemoApp({ tickMs: 20 });
});
afterEach(() => app.close());

const JSON_TYPE = { 'content-type': 'application/json' };

async function get(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: string; response: Response }> {
  const response = await fetch(app.url + path, { redirect: 'manual', ...init });
  return { status: response.status, body: await response.text(), response };
}

function form(fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit {
  return { method: 'POST', body: new URLSearchParams(fields), headers };
}

function searchFor(query: string): ReturnType<typeof get> {
  return get(`/search?q=${encodeURIComponent(query)}`);
}

async function cookieOf(user: string, password: string): Promise<string> {
  const { response } = await get('/login', form({ user, password }));
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

function multipart(parts: string, boundary = 'frontier'): RequestInit {
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}`, accept: 'application/json' };
  return { method: 'POST', body: parts, headers };
}

async function uploadFile(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Partial<Received>> {
  const body = new FormData();
  body.set('remark', 'an ordinary field');
  body.set('file', new File([bytes], name));
  const { status, body: answer } = await get('/upload', {
    method: 'POST',
    body,
    headers: { accept: 'application/json' },
  });
  expect(status).toBe(200);
  return (JSON.parse(answer) as { files: Received[] }).files[0]!;
}

function dial(request: string): Socket {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  socket.write(request);
  return socket;
}

async function openClock(): Promise<{ socket: WebSocket; next: () => Promise<string> }> {
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/clock`);
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => messages.push(data.toString()));
  const next = async (): Promise<string> => {
    while (messages.length === 0) await once(socket, 'message');
    return messages.shift()!;
  };
  await once(socket, 'open');
  return { socket, next };
}

describe('pages', () => {
  test.for(['/', '/search', '/login', '/upload', '/files', '/whoami'])(
    '%s is a page that marks itself in the menu',
    async (path) => {
      const { status, body, response } = await get(path);
      expect(status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(body).toContain(`<a href="${path}" aria-current="page">`);
      expect(body).not.toMatch(/(src|href)="(https?:)?\/\//);
    },
  );

  test.for(['/nope', '/api/nope', '/uploads/nope', '/files?name=nope', '//', '/__proto__'])(
    '%s is answered with 404',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  test('a method that a path does not take gets 405 and the list of those it takes', async () => {
    const { status, response } = await get('/login', { method: 'DELETE' });
    expect(status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST');
  });

  test('every answer tells which software made it', async () => {
    for (const path of ['/', '/nope', '/api/notes', '/download?mib=0']) {
      const { response } = await get(path);
      expect(response.headers.get('server')).toBe('demo-app/1.0');
      expect(response.headers.get('x-powered-by')).toBe('demo');
    }
  });

  test('who am I shows the fields as they arrived', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.9', accept: 'application/json' };
    const facts = JSON.parse((await get('/whoami?a=<b>', { headers })).body);
    expect(facts).toMatchObject({ account: 'guest', peer: '127.0.0.1' });
    expect(facts.headers).toContainEqual([expect.stringMatching(/^x-forwarded-for$/i), '203.0.113.9']);
    expect((await get('/whoami', { headers: { 'x-odd': '<b>' } })).body).toContain('<td>&lt;b&gt;</td>');
  });
});

describe('board', () => {
  test('a note is shown as text, a comment as the HTML it is', async () => {
    const posted = await get('/notes', form({ title: 'A <b>title</b>', text: "SELECT 1 WHERE '../' <> 'x'" }));
    expect(posted.status).toBe(303);
    const id = posted.response.headers.get('location')?.replace('/#note-', '') ?? '';
    expect((await get('/comments', form({ note: id, comment: '<script>alert(1)</script>' }))).status).toBe(303);
    const { body } = await get('/');
    expect(body).toContain('A &lt;b&gt;title&lt;/b&gt;');
    expect(body).toContain('<script>alert(1)</script>');
  });

  test.for([
    ['an empty title', '/notes', { title: ' ', text: 'x' }, 400],
    ['a text over its bound', '/notes', { title: 'x', text: 'x'.repeat(4001) }, 400],
    ['a comment over its bound', '/comments', { note: '1', comment: 'x'.repeat(2001) }, 400],
    ['a comment on a hidden note', '/comments', { note: '2', comment: 'x' }, 404],
    ['a form over the bound', '/notes', { title: 'x', text: 'x'.repeat(65_536) }, 413],
  ] as const)('%s is refused', async ([, path, fields, status]) => {
    expect((await get(path, form(fields))).status).toBe(status);
  });

  test('the board is bounded: the oldest visible note leaves, hidden ones stay', async () => {
    const post = { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ title: 'x', text: 'y' }) };
    for (let i = 0; i < 200; i++) expect((await get('/api/notes', post)).status).toBe(201);
    expect(JSON.parse((await get('/api/notes')).body).notes).toHaveLength(198);
    expect((await get('/api/notes/1')).status).toBe(404);
    expect((await searchFor("' OR hidden = 1 --")).body).toContain('spare key');
  });
});

describe('API', () => {
  test('a note is made, read, replaced and deleted, whatever its text holds', async () => {
    const note = { title: 'DROP TABLE users; --', text: 'cat ../../etc/passwd | sh; <b>UNION SELECT</b> ' };
    const made = await get('/api/notes', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(note) });
    expect(made.status).toBe(201);
    const path = made.response.headers.get('location') ?? '';
    expect(JSON.parse((await get(path)).body)).toMatchObject({ ...note, author: 'guest' });
    const put = await get(path, {
      method: 'PUT',
      headers: JSON_TYPE,
      body: JSON.stringify({ ...note, title: 'Other' }),
    });
    expect(JSON.parse(put.body)).toMatchObject({ title: 'Other', text: note.text });
    expect((await get(path, { method: 'DELETE' })).status).toBe(204);
    expect((await get(path)).status).toBe(404);
  });

  test.for([
    ['no JSON', JSON_TYPE, '{', 400],
    ['no object', JSON_TYPE, 'null', 400],
    ['a missing field', JSON_TYPE, '{"title":"x"}', 400],
    ['another type', { 'content-type': 'text/plain' }, '{}', 415],
    ['a body over the bound', JSON_TYPE, `"${'x'.repeat(65_536)}"`, 413],
  ] as const)('%s is refused', async ([, headers, body, status]) => {
    const answer = await get('/api/notes', { method: 'POST', headers, body });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toHaveProperty('error');
  });

  test('a body over the bound is refused as soon as its length is known', async () => {
    const announced = dial('POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n');
    expect(String(await once(announced, 'data'))).toMatch(/^HTTP\/1\.1 413 /);
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    const counted = dial(`POST /api/notes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`);
    expect(String(await once(counted, 'data'))).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('hidden notes are for the administrator', async () => {
    expect((await get('/api/notes/2')).status).toBe(404);
    expect((await get('/api/notes/2', { headers: { cookie: await cookieOf('demo', 'demo') } })).status).toBe(404);
    expect((await get('/api/notes/2', { headers: { cookie: await cookieOf('admin', 'gatehouse') } })).status).toBe(200);
  });
});

describe('search', () => {
  test('finds words in public notes and echoes the query as it came', async () => {
    const { body } = await searchFor('BUILD worker');
    expect(body).toContain('Restarting the build worker');
    expect(body).not.toContain('spare key');
    expect((await searchFor('<script>alert(1)</script>')).body).toContain('Results for <script>alert(1)</script>');
  });

  test.for([
    ["' OR '1'='1", 200, 'spare key'],
    ["' or 1=1-- ", 200, 'spare key'],
    ["' OR 1 LIKE 1 #", 200, 'spare key'],
    ["x' UNION ALL SELECT 1, name || ':' || password, role, NULL FROM users --", 200, 'admin:gatehouse'],
    ["x' OR (NOT hidden = 0 AND title LIKE 'admin%key') /* ", 200, 'spare key'],
    ["' UNION SELECT 1 --", 500, 'do not have the same number of result columns'],
    ["' UNION SELECT 1,2,3,x FROM users --", 500, 'no such column: x'],
    ["' UNION SELECT * FROM secrets --", 500, 'no such table: secrets'],
    ["' OR sleep(5) --", 500, 'no such function: sleep'],
    ["O'Brien", 500, 'near &quot;Brien&quot;: syntax error'],
    [`' OR ${'('.repeat(450)}`, 500, 'Expression tree is too large'],
    ["' OR constructor --", 500, 'no such column: constructor'],
    ["'", 500, 'unrecognized token'],
    ['x'.repeat(501), 400, 'at most 500'],
  ] as const)('%s gets %i', async ([query, status, part]) => {
    const answer = await searchFor(query);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(part);
  });
});

describe('login', () => {
  test("names the app's own address in the redirect and the cookie", async () => {
    const { status, response } = await get(
      '/login',
      form({ user: 'demo', password: 'demo' }, { host: 'public.example' }),
    );
    expect(status).toBe(303);
    expect(response.headers.get('location')).toBe(`${app.url}/`);
    expect(response.headers.get('set-cookie')).toMatch(
      /^session=[0-9a-f]{32}; Domain=127\.0\.0\.1; Path=\/; HttpOnly$/,
    );
  });

  test('a session lasts until it is closed', async () => {
    const cookie = await cookieOf('admin', 'gatehouse');
    expect((await get('/', { headers: { cookie } })).body).toContain('Admin only: the spare key');
    expect((await get('/logout', form({}, { cookie }))).response.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await get('/', { headers: { cookie } })).body).not.toContain('Admin only');
  });

  test.for([
    ['demo', 'wrong', 401],
    ["admin' --", 'x', 303],
    ['x', "' OR '1'='1", 303],
    ["'", 'x', 500],
    ['x'.repeat(201), 'x', 400],
  ] as const)('%s with %s gets %i', async ([user, password, status]) => {
    expect((await get('/login', form({ user, password }))).status).toBe(status);
  });
});

describe('files', () => {
  test.for(['../../../etc/passwd', 'x/../../../../etc/passwd', '..\\..\\..\\etc\\passwd'])(
    '%s leaves the folder',
    async (name) => {
      expect((await get(`/files?name=${encodeURIComponent(name)}`)).body).toContain('made up for the demo');
    },
  );

  test('an upload is answered with name, size and digest, and can be fetched again', async () => {
    const bytes = new Uint8Array(300_000).map((_, i) => (i % 7 === 0 ? 13 : i % 251));
    const file = await uploadFile(bytes, 'some \u{1f5ff}".bin');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(file).toMatchObject({ name: 'some \u{1f5ff}".bin', size: 300_000, sha256 });
    const again = await fetch(`${app.url}/uploads/${file.id}`);
    expect(again.headers.get('content-disposition')).toContain('attachment');
    expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('a person sees the upload as a page, and what is kept as a list', async () => {
    const body = new FormData();
    body.set('file', new File(['x'], '<i>.txt'));
    expect((await get('/upload', { method: 'POST', body })).body).toMatch(
      /<a href="\/uploads\/[^"]+">&lt;i&gt;\.txt<\/a>/,
    );
    expect((await get('/upload')).body).toMatch(/<a href="\/uploads\/[^"]+">&lt;i&gt;\.txt<\/a>/);
  });

  test('an upload too large to keep is counted and digested all the same', async () => {
    const first = await uploadFile(new Uint8Array(6_000_000), 'first');
    const large = new Uint8Array(11 * 1024 * 1024).fill(65);
    const file = await uploadFile(large, 'large');
    expect(file).toMatchObject({ size: large.length, sha256: createHash('sha256').update(large).digest('hex') });
    expect(file.id).toBeUndefined();
    const second = await uploadFile(new Uint8Array(10_000_000), 'second');
    expect((await get(`/uploads/${first.id}`)).status).toBe(404);
    expect((await get(`/uploads/${second.id}`, { method: 'HEAD' })).response.headers.get('content-length')).toBe(
      '10000000',
    );
  });

  test('delimiters are found wherever the body is cut', async () => {
    const head = 'content-disposition: form-data; name="f"; filename="C:\\x\\a.txt"';
    const body = `--b\r\n${head}\r\n\r\n\r\n--a\r\n\r\n--b--\r\n`;
    for (let cut = 1; cut < body.length; cut++) {
      const chunks = ReadableStream.from([Buffer.from(body.slice(0, cut)), Buffer.from(body.slice(cut))]);
      const { body: answer } = await get('/upload', {
        ...multipart('', 'b'),
        body: chunks,
        duplex: 'half',
      } as RequestInit);
      expect(JSON.parse(answer), `cut at ${cut}`).toMatchObject({ files: [{ name: 'a.txt', size: 7 }] });
    }
  });

  test.for([
    ['no body', multipart('')],
    [
      'no closing delimiter',
      multipart('--frontier\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx'),
    ],
    ['a part without a name', multipart('--frontier\r\nContent-Type: text/plain\r\n\r\nx\r\n--frontier--\r\n')],
    ['a head without end', multipart(`--frontier\r\nx: ${'y'.repeat(9000)}`)],
    [
      'too many parts',
      multipart(`${'--frontier\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n'.repeat(17)}--frontier--`),
    ],
    [
      'no file',
      multipart('--frontier\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n\r\n--frontier--'),
    ],
    ['no boundary', { method: 'POST', body: 'x', headers: { 'content-type': 'multipart/form-data' } }],
    ['no multipart at all', form({ file: 'x' })],
  ] as const)('an upload with %s gets 400', async ([, init]) => {
    expect((await get('/upload', init)).status).toBe(400);
  });
});

describe('streams', () => {
  test('a download has the length it promises', async () => {
    const response = await fetch(`${app.url}/download?mib=3`);
    expect(response.headers.get('content-length')).toBe('3145728');
    expect((await response.arrayBuffer()).byteLength).toBe(3_145_728);
    const head = await get('/download?mib=4096', { method: 'HEAD' });
    expect(head.response.headers.get('content-length')).toBe('4294967296');
  });

  test.for(['/download', '/download?mib=4097', '/download?mib=1.5', '/slow?ms=-1', '/slow?ms=120001'])(
    '%s gets 400',
    async (path) => {
      expect((await get(path)).status).toBe(400);
    },
  );

  test('a slow answer comes in the end', async () => {
    expect(await get('/slow?ms=30')).toMatchObject({ status: 200, body: 'That took 30 ms.\n' });
  });

  test('events are numbered and go on after the last one seen', async () => {
    const response = await fetch(`${app.url}/events`, { headers: { 'last-event-id': '41' } });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    let seen = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      seen += chunk;
      if (seen.includes('id: 44\n')) break;
    }
    expect(seen).toMatch(/^retry: 2000\n\nevent: tick\nid: 42\ndata: \{"time":"[^"]+"\}\n\nevent: tick\nid: 43\n/);
  });

  test('event streams are bounded, and one that ends makes room', async () => {
    const open: Socket[] = [];
    for (let i = 0; i < 256; i++) {
      const socket = dial('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 /);
      open.push(socket);
    }
    expect((await get('/events')).status).toBe(503);
    for (const socket of open) socket.destroy();
    await expect.poll(async () => (await get('/events', { method: 'HEAD' })).status).toBe(200);
  });
});

describe('clock', () => {
  test('tells the time again and again', async () => {
    const { socket, next } = await openClock();
    for (let i = 0; i < 3; i++) expect(Date.parse(JSON.parse(await next()).time)).not.toBeNaN();
    socket.terminate();
  });

  test('sends back what it gets', async () => {
    const { socket, next } = await openClock();
    socket.send('hello <b>');
    let message = await next();
    while (message.startsWith('{"time"')) message = await next();
    expect(message).toBe('hello <b>');
    socket.terminate();
  });

  test('a message over the bound ends the connection and nothing else', async () => {
    const { socket } = await openClock();
    socket.send('x'.repeat(65_537));
    expect((await once(socket, 'close'))[0]).toBe(1009);
    expect((await get('/')).status).toBe(200);
  });

  test('an upgrade elsewhere gets 404, one to another protocol is passed over', async () => {
    const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    expect(await text(dial(`GET /other HTTP/1.1\r\n${upgrade}${key}`))).toMatch(/^HTTP\/1\.1 404 .*Server: demo-app/s);
    const other = 'Host: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n';
    expect(await text(dial(`GET /whoami HTTP/1.1\r\n${other}`))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('close', () => {
  test('ends open streams, WebSockets and answers under way, and may be asked twice', async () => {
    const { socket } = await openClock();
    const events = await fetch(`${app.url}/events`);
    const slow = fetch(`${app.url}/slow?ms=60000`);
    const ended = Promise.allSettled([once(socket, 'close'), events.text(), slow]);
    await get('/');
    await Promise.all([app.close(), app.close()]);
    expect((await ended).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(fetch(app.url)).rejects.toThrow('fetch failed');
  });

  test('a client that leaves in the middle of an upload takes nothing with it', async () => {
    const socket = dial('POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n');
    socket.write(
      'Content-Length: 999\r\n\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nxxxxx',
    );
    socket.resume();
    socket.end();
    await once(socket, 'close');
    expect(await uploadFile(new Uint8Array(10 * 1024 * 1024), 'whole')).toHaveProperty('id');
  });
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;

test.skipIf(!hasCurl).for(ATTACKS)('to try: $title', async ({ curl, expect: promise }) => {
  const { stdout } = await promisify(execFile)('sh', ['-c', curl(app.url, "/tmp/no such 'root.pem")]);
  expect(stdout).toContain('200');
  expect(promise).not.toBe('');
});
