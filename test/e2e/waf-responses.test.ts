import http2 from 'node:http2';
import { gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { startBackend, startStreamingBackend } from '../support/backend.ts';
import { describeProtocols, openTls, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const RULES = `
SecRule RESPONSE_BODY "@contains stack trace" "id:200,phase:4,deny,status:403,log,msg:'Leak'"
SecRule RESPONSE_HEADERS:x-leak "@streq 1" "id:201,phase:3,deny,status:403,log,msg:'Header'"
SecRule RESPONSE_STATUS "@streq 507" "id:202,phase:3,deny,status:403,log,msg:'Status %{RESPONSE_STATUS}'"
SecRule ARGS "@contains attack" "id:100,phase:2,deny,log,msg:x"
`;
const RESPONSE = 'response: true';

describeProtocols('answers under inspection', (over) => {
  test('are replaced when they show what nobody should see', async () => {
    const app = await startBackend((_, response) => {
      response
        .writeHead(500, { 'content-type': 'text/html', 'x-inside': 'yes' })
        .end('<pre>stack trace at db.js:4</pre>');
    });
    const world = await startGuarded({ rules: RULES, to: app.url, waf: RESPONSE });
    const answer = await request(over, world);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain('trace');
    expect(answer.headers).not.toHaveProperty('x-inside');
    expect((await world.wafRecords(1))[0]).toMatchObject({
      verdict: 'block',
      status: 403,
      rules: [{ id: 200, phase: 4 }],
    });
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 403, reason: 'waf', upstream: app.url });
  });

  test('are judged by status and headers, before their body', async () => {
    const app = await startBackend((seen, response) => {
      response
        .writeHead(seen.url === '/status' ? 507 : 200, seen.url === '/header' ? { 'x-leak': '1' } : {})
        .end('body');
    });
    const world = await startGuarded({ rules: RULES, to: app.url, waf: RESPONSE });
    expect(await request(over, world, { path: '/status' })).toMatchObject({ status: 403 });
    expect(await request(over, world, { path: '/header' })).toMatchObject({ status: 403 });
    expect(await request(over, world, { path: '/' })).toMatchObject({ status: 200, body: 'body' });
    expect((await world.wafRecords(2)).map(({ rules }) => rules[0]?.msg)).toEqual(['Status 507', 'Header']);
  });

  test('pass whole in detect mode', async () => {
    const app = await startBackend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'x-leak': '1' }).end('a stack trace');
    });
    const world = await startGuarded({ rules: RULES, to: app.url, waf: `${RESPONSE}, mode: detect` });
    expect(await request(over, world)).toMatchObject({ status: 200, body: 'a stack trace' });
    expect((await world.wafRecords(1))[0]).toMatchObject({ verdict: 'detect', rules: [{ id: 201 }, { id: 200 }] });
  });

  test('are asked for without compression, and what comes encoded streams through', async () => {
    const packed = gzipSync('a stack trace');
    const app = await startBackend((seen, response) => {
      const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
      if (seen.url === '/') response.end(seen.headers['accept-encoding']);
      else response.writeHead(200, headers).end(packed);
    });
    const world = await startGuarded({ rules: RULES, to: app.url, waf: RESPONSE });
    const headers = { 'accept-encoding': 'gzip, br' };
    expect(await request(over, world, { headers })).toMatchObject({ body: 'identity' });
    expect(await request(over, world, { path: '/packed' })).toMatchObject({
      status: 200,
      headers: { 'content-encoding': 'gzip' },
    });
  });

  test('that are longer are judged by their beginning and delivered whole, trailers included', async () => {
    const filler = 'x'.repeat(500_000);
    const app = await startBackend((seen, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', trailer: 'x-sum' });
      response.write(seen.url === '/early' ? `stack trace ${filler}` : `${filler} stack trace`);
      response.addTrailers({ 'x-sum': '9' });
      response.end();
    });
    const world = await startGuarded({ rules: RULES, to: app.url, waf: `${RESPONSE}, body: { inspect: 4KiB }` });
    expect(await request(over, world, { path: '/early' })).toMatchObject({ status: 403 });
    const late = await request(over, world, { path: '/late' });
    expect(late.status).toBe(200);
    expect(late.body).toBe(`${filler} stack trace`);
    expect(late.trailers).toMatchObject({ 'x-sum': '9' });
  });

  test('without a body are answers too', async () => {
    const app = await startBackend((seen, response) => {
      const status = seen.url === '/204' ? 204 : seen.url === '/304' ? 304 : 200;
      response.writeHead(status, { 'content-type': 'text/html' }).end();
    });
    const world = await startGuarded({ rules: RULES, to: app.url, waf: RESPONSE });
    expect(await request(over, world, { method: 'HEAD' })).toMatchObject({ status: 200 });
    expect(await request(over, world)).toMatchObject({ status: 200, body: '' });
    expect(await request(over, world, { path: '/204' })).toMatchObject({ status: 204 });
    expect(await request(over, world, { path: '/304' })).toMatchObject({ status: 304 });
  });

  test.for(['text/event-stream', 'application/octet-stream', 'video/mp4', undefined])(
    'are never held back when they are %s',
    async (type) => {
      const released = Promise.withResolvers<void>();
      const app = await startStreamingBackend(async (_, response) => {
        response.writeHead(200, type === undefined ? {} : { 'content-type': type });
        response.write('first');
        await released.promise;
        response.end(' stack trace');
      });
      const world = await startGuarded({ rules: RULES, to: app.url, waf: RESPONSE });
      const stream = await openStream(over, world);
      expect(await stream.first).toContain('first');
      released.resolve();
      expect(await stream.whole).toContain('stack trace');
    },
  );

  test('that break off within the inspected part are the backend’s fault', async () => {
    const app = await startStreamingBackend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': '100' });
      response.write('part');
      setTimeout(() => response.destroy(), 20);
    });
    const world = await startGuarded({ rules: RULES, to: app.url, waf: RESPONSE });
    expect(await request(over, world)).toMatchObject({ status: 502 });
  });

  test('that nobody waits for any more are given up, and recorded', async () => {
    const gone = Promise.withResolvers<void>();
    const app = await startStreamingBackend((_, response) => {
      response.on('close', () => gone.resolve());
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write('part');
    });
    const world = await startGuarded({ rules: RULES, to: app.url, waf: RESPONSE });
    const stream = await openStream(over, world);
    await vi.waitFor(() => expect(app.connections.count).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    stream.destroy();
    await gone.promise;
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 499 });
    expect(world.gateway.load.requests).toBe(0);
  });

  test('of the gateway itself are not inspected, and the rules still end', async () => {
    const world = await startGuarded({
      rules: `${RULES}\nSecAction "id:9,phase:5,pass,log,msg:'end %{RESPONSE_STATUS}'"`,
      to: 'http://127.0.0.1:1',
      waf: RESPONSE,
    });
    expect(await request(over, world)).toMatchObject({ status: 502 });
    expect((await world.wafRecords(1))[0]).toMatchObject({ verdict: 'pass', status: 502, rules: [{ id: 9 }] });
  });
});

describeProtocols('answers without inspection', (over) => {
  test('are not touched: nothing is asked of the backend, nothing held, nothing judged', async () => {
    const released = Promise.withResolvers<void>();
    let acceptEncoding: string | undefined;
    const app = await startStreamingBackend(async (incoming, response) => {
      acceptEncoding = incoming.headers['accept-encoding'];
      response.writeHead(507, { 'content-type': 'text/html', 'x-leak': '1' });
      response.write('first');
      await released.promise;
      response.end(' stack trace');
    });
    const world = await startGuarded({ rules: RULES, to: app.url });
    const stream = await openStream(over, world, { 'accept-encoding': 'gzip' });
    expect(await stream.first).toContain('first');
    released.resolve();
    expect(await stream.whole).toContain('stack trace');
    expect(acceptEncoding).toBe('gzip');
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 507 });
    expect(await world.lines('waf.log')).toEqual([]);
  });

  test('have their record of findings only when they are over', async () => {
    const released = Promise.withResolvers<void>();
    const app = await startStreamingBackend(async (_, response) => {
      response.write('first');
      await released.promise;
      response.end();
    });
    const rules = `SecAction "id:1,phase:1,pass,log,msg:x"`;
    const world = await startGuarded({ rules, to: app.url });
    const stream = await openStream(over, world);
    await stream.first;
    expect(await world.lines('waf.log')).toEqual([]);
    released.resolve();
    await stream.whole;
    expect(await world.wafRecords(1)).toHaveLength(1);
  });
});

interface Streamed {
  /** All up to the first byte of the body. */
  readonly first: Promise<string>;
  readonly whole: Promise<string>;
  destroy(): void;
}

/** A GET whose answer is watched as it comes. */
async function openStream(
  over: 'h2' | 'http/1.1',
  world: { port: number; ca: string },
  headers: Record<string, string> = {},
): Promise<Streamed> {
  const first = Promise.withResolvers<string>();
  const whole = Promise.withResolvers<string>();
  let text = '';
  const take = (chunk: Buffer): void => {
    text += chunk.toString('latin1');
    if (text.includes('first')) first.resolve(text);
  };
  if (over === 'h2') {
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    session.on('error', () => {});
    const stream = session.request({ ':path': '/', ...headers });
    stream.on('error', () => {});
    stream.on('data', take);
    stream.on('close', () => {
      whole.resolve(text);
      session.close();
    });
    return { first: first.promise, whole: whole.promise, destroy: () => session.destroy() };
  }
  const socket = await openTls(world);
  socket.on('error', () => {});
  socket.on('data', take);
  socket.on('close', () => whole.resolve(text));
  const fields = Object.entries({ host: 'localhost', connection: 'close', ...headers });
  socket.write(`GET / HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  return { first: first.promise, whole: whole.promise, destroy: () => socket.destroy() };
}
