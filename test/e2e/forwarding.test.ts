import type { ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';
import { startBackend, startH2cBackend, startRawBackend, startStreamingBackend } from '../support/backend.ts';
import { describeProtocols, openTls, request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

const site = (to: string, more = ''): string => `${more}\nsites: { localhost: { to: "${to}" } }`;

describeProtocols('a request', (over) => {
  test('reaches the hidden app and its answer comes back', async () => {
    const backend = await startBackend((_, response) => {
      response.setHeader('server', 'secret/1.0');
      response.setHeader('x-powered-by', 'secret');
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end('hello');
    });
    const world = await startGateway(site(backend.url));
    const answer = await request(over, world, { path: '/x?y=1', headers: { cookie: 'k=v' } });
    expect(answer).toMatchObject({ status: 200, body: 'hello' });
    expect(answer.headers).not.toHaveProperty('server');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{20}$/);
    const [seen] = backend.seen;
    expect(seen).toMatchObject({ method: 'GET', url: '/x?y=1' });
    expect(seen?.headers).toMatchObject({
      cookie: 'k=v',
      host: 'localhost',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'localhost',
      forwarded: 'for=127.0.0.1;host="localhost";proto=https',
      via: `${over === 'h2' ? '2.0' : '1.1'} gatehouse`,
      'x-request-id': answer.headers['x-request-id'],
    });
  });

  test('cannot pretend to come from somewhere else', async () => {
    const backend = await startBackend();
    const world = await startGateway(site(backend.url));
    await request(over, world, {
      headers: {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'evil.test',
        'x-real-ip': '6.6.6.6',
        forwarded: 'for=6.6.6.6',
        via: '1.1 evil',
        'x-request-id': 'mine',
        proxy: 'http://evil.test',
        'x-original-url': '/admin',
        x_forwarded_for: '6.6.6.6',
      },
    });
    const headers = JSON.stringify(backend.seen[0]?.rawHeaders);
    expect(headers).not.toMatch(/6\.6\.6\.6|evil|mine|admin/);
  });

  test('is believed about its client when it comes from a trusted proxy', async () => {
    const backend = await startBackend();
    const world = await startGateway(site(backend.url, 'trustedProxies: [127.0.0.1]'));
    await request(over, world, {
      headers: { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https', 'x-request-id': 'abc-1' },
    });
    expect(backend.seen[0]?.headers).toMatchObject({
      'x-forwarded-for': '1.2.3.4, 127.0.0.1',
      'x-real-ip': '1.2.3.4',
      'x-request-id': 'abc-1',
    });
    expect((await world.accessRecords(1))[0]).toMatchObject({ client: '1.2.3.4', requestId: 'abc-1' });
  });

  test.for(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GET'])('%s brings its body, framed', async (method) => {
    const backend = await startBackend();
    const world = await startGateway(site(backend.url));
    const answer = await request(over, world, { method, body: 'some text', headers: { 'content-length': '9' } });
    expect(answer.status).toBe(200);
    expect(backend.seen).toHaveLength(1);
    expect(backend.seen[0]?.body.toString()).toBe('some text');
    expect(backend.seen[0]?.headers['content-length']).toBe('9');
  });

  test('of unknown length arrives in chunks, with its trailers', async () => {
    const backend = await startBackend();
    const world = await startGateway(site(backend.url));
    const headers = { trailer: 'x-sum', ...(over === 'h2' ? {} : { 'transfer-encoding': 'chunked' }) };
    await request(over, world, { method: 'POST', body: 'some text', headers, trailers: { 'x-sum': '42' } });
    expect(backend.seen[0]?.body.toString()).toBe('some text');
    expect(backend.seen[0]?.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    expect(backend.seen[0]?.rawTrailers).toEqual(['x-sum', '42']);
  });

  test('that announces trailers arrives with them, counted or not', async () => {
    const backend = await startBackend();
    const world = await startGateway(site(backend.url));
    const counted = over === 'h2' ? { 'content-length': '9' } : { 'transfer-encoding': 'chunked' };
    const headers = { trailer: 'x-sum', ...counted };
    await request(over, world, { method: 'POST', body: 'some text', headers, trailers: { 'x-sum': '42' } });
    expect(backend.seen[0]?.body.toString()).toBe('some text');
    expect(backend.seen[0]?.rawTrailers).toEqual(['x-sum', '42']);
  });

  test('gets the trailers of the answer', async () => {
    const backend = await startBackend((_, response) => {
      response.setHeader('trailer', 'x-sum');
      response.write('abc');
      response.addTrailers({ 'x-sum': '7' });
      response.end();
    });
    const world = await startGateway(site(backend.url));
    const answer = await request(over, world);
    expect(answer).toMatchObject({ body: 'abc', trailers: { 'x-sum': '7' } });
  });

  test.for([
    ['HEAD', 200, { 'content-length': '5' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"a"' }],
  ] as const)('%s with %d has no content', async ([method, status, fields]) => {
    const backend = await startBackend((_, response) => void response.writeHead(status, { ...fields }).end());
    const world = await startGateway(site(backend.url));
    const answer = await request(over, world, { method });
    expect(answer).toMatchObject({ status, body: '', headers: fields });
    if (status === 204) expect(answer.headers).not.toHaveProperty('content-length');
  });

  test('that expects 100-continue gets it when a backend is ready, and the backend never hears of it', async () => {
    const backend = await startBackend();
    const world = await startGateway(site(backend.url));
    const answer = await request(over, world, { method: 'POST', body: 'abc', headers: { expect: '100-continue' } });
    expect(answer).toMatchObject({ status: 200, interim: [100] });
    expect(backend.seen[0]?.headers).not.toHaveProperty('expect');
  });

  test('gets early hints before the answer', async () => {
    const backend = await startStreamingBackend((_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('hello');
    });
    const world = await startGateway(site(backend.url));
    expect(await request(over, world)).toMatchObject({ status: 200, interim: [103] });
  });

  test('over the bound is refused with 413, declared or not', async () => {
    const backend = await startBackend();
    const world = await startGateway(site(backend.url, 'requestLimits: { body: 1KiB }'));
    const body = Buffer.alloc(5000);
    const declared = await request(over, world, { method: 'POST', body, headers: { 'content-length': '5000' } });
    const counted = await request(over, world, {
      method: 'POST',
      body,
      headers: over === 'h2' ? {} : { 'transfer-encoding': 'chunked' },
    });
    expect([declared.status, counted.status]).toEqual([413, 413]);
    expect(backend.seen).toHaveLength(0);
  });

  test('to a backend that is down gets 502, as HTML or as JSON with the request id', async () => {
    const world = await startGateway(site('http://127.0.0.1:1'));
    const page = await request(over, world);
    expect(page).toMatchObject({ status: 502, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(page.body).toContain(page.headers['x-request-id']);
    expect(page.body).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
    const json = await request(over, world, { headers: { accept: 'application/json' } });
    expect(JSON.parse(json.body)).toMatchObject({ status: 502, requestId: json.headers['x-request-id'] });
  });

  test('to a backend that does not answer in time gets 504', async () => {
    const backend = await startStreamingBackend(() => {});
    const world = await startGateway(site(backend.url, 'timeouts: { upstream: 100ms }'));
    expect((await request(over, world)).status).toBe(504);
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 504, error: 'upstream_timeout' });
  });

  test.for([
    ['counted', 'content-length: 100\r\n\r\nabc'],
    ['chunked', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ] as const)('sees a reset when the backend dies within a %s answer', async ([, rest]) => {
    const backend = await startRawBackend((socket) => {
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${rest}`, () => setImmediate(() => socket.destroy())));
    });
    const world = await startGateway(site(backend.url));
    await expect(request(over, world)).rejects.toThrow();
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 200, error: 'upstream_closed' });
  });

  test('whose client leaves frees the backend and is recorded as 499', async () => {
    const gone = Promise.withResolvers<void>();
    const backend = await startStreamingBackend((incoming) => {
      incoming.socket.once('close', () => gone.resolve());
    });
    const world = await startGateway(site(backend.url));
    const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await vi.waitFor(() => expect(backend.connections.count).toBe(1));
    socket.destroy();
    await gone.promise;
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 499, error: 'client_closed' });
  });

  test('reuses the connection to the backend', async () => {
    const backend = await startBackend();
    const world = await startGateway(site(backend.url));
    for (let i = 0; i < 5; i++) await request(over, world, { method: i === 2 ? 'HEAD' : 'GET' });
    expect(backend.connections.count).toBe(1);
  });

  test('to an HTTP/2 backend keeps body and trailers in both directions', async () => {
    const backend = await startH2cBackend((stream, headers) => {
      let body = '';
      let sum = '';
      stream.setEncoding('utf8');
      stream.on('trailers', (fields) => {
        sum = String(fields['x-sum']);
      });
      stream.on('data', (chunk: string) => {
        body += chunk;
      });
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'x-path': headers[':path'] }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-done': '1' }));
        stream.end(`${headers[':authority']} ${body} ${sum}`);
      });
    });
    const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"], protocol: h2 } }
sites: { localhost: { to: app } }`);
    const headers = over === 'h2' ? {} : { 'transfer-encoding': 'chunked', trailer: 'x-sum' };
    const answer = await request(over, world, {
      method: 'POST',
      body: 'abc',
      path: '/p',
      headers,
      trailers: { 'x-sum': '9' },
    });
    expect(answer).toMatchObject({ status: 200, body: 'localhost abc 9', trailers: { 'x-done': '1' } });
    expect(answer.headers['x-path']).toBe('/p');
  });

  test('sees a reset when an HTTP/2 backend resets its answer', async () => {
    const backend = await startH2cBackend((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('abc', () => stream.destroy(new Error('broken')));
    });
    const world = await startGateway(`
upstreams: { app: { servers: ["${backend.url}"], protocol: h2 } }
sites: { localhost: { to: app } }`);
    await expect(request(over, world)).rejects.toThrow();
  });
});

test('an early answer reaches a client that is still uploading', async () => {
  const refuse = (_: unknown, response: ServerResponse): void => void response.writeHead(403).end('no');
  const backend = await startStreamingBackend(refuse);
  const world = await startGateway(site(backend.url));
  for (const over of ['h2', 'http/1.1'] as const) {
    const answer = await request(over, world, { method: 'POST', body: Buffer.alloc(8 * 1024 * 1024) });
    expect([over, answer.status, answer.body]).toEqual([over, 403, 'no']);
  }
});
