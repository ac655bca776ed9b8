import http2 from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBackend, startStreamingBackend } from '../support/backend.ts';
import { describeProtocols, openTls, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const RULES = `
SecRule ARGS_POST|XML:/*|XML://@* "@contains attack" "id:100,phase:2,deny,log,msg:'Hit %{MATCHED_VAR_NAME}'"
SecRule FILES "@endsWith .php" "id:101,phase:2,deny,log,msg:'File %{MATCHED_VAR}'"
`;

const FORM = 'application/x-www-form-urlencoded';

function multipart(parts: readonly [string, string][], boundary = 'bnd'): string {
  const part = ([disposition, value]: [string, string]): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
  return `${parts.map((p) => part([...p])).join('')}--${boundary}--\r\n`;
}

describeProtocols('a body with an attack in it', (over) => {
  test.for([
    [FORM, 'a=1&b=an%20attack', 'ARGS_POST:b'],
    [
      'multipart/form-data; boundary=bnd',
      multipart([
        ['name="a"', '1'],
        ['name="b"', 'attack'],
      ]),
      'ARGS_POST:b',
    ],
    ['multipart/form-data; boundary=bnd', multipart([['name="f"; filename="x.php"', 'x']]), 'FILES:f'],
    ['application/json', '{"a":[{"b":"attack"}]}', 'ARGS_POST:json.a.array_0.b'],
    ['application/vnd.api+json', '{"b":"\\u0061ttack"}', 'ARGS_POST:json.b'],
    ['application/xml', '<a><b>attack</b></a>', 'XML:/*'],
    ['text/xml', '<a b="attack"/>', 'XML://@*'],
  ] as const)('is stopped before the backend sees a byte: %s %j', async ([type, body, target]) => {
    let calls = 0;
    const app = await startStreamingBackend((_, response) => {
      calls++;
      response.end();
    });
    const world = await startGuarded({ rules: RULES, to: app.url });
    const headers = { 'content-type': type };
    expect(await request(over, world, { method: 'POST', headers, body })).toMatchObject({ status: 403 });
    expect((await world.wafRecords(1))[0]?.rules).toMatchObject([{ target }]);
    expect([calls, app.connections.count]).toEqual([0, 0]);
  });

  test('is seen whole when it comes in pieces, without a length', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const headers = { 'content-type': FORM };
    const body = `a=${'x'.repeat(70_000)}&b=attack`;
    const answer = await request(over, world, { method: 'POST', headers, body, trailers: { 'x-sum': '1' } });
    expect(answer.status).toBe(403);
    expect(app.seen).toEqual([]);
  });
});

describeProtocols('a body without an attack', (over) => {
  test('arrives byte for byte, trailers included', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256));
    await request(over, world, { method: 'POST', headers: { 'content-length': '100000' }, body });
    await request(over, world, { method: 'POST', body, trailers: { 'x-sum': '7' } });
    expect(app.seen.map((seen) => seen.body.equals(body))).toEqual([true, true]);
    expect(app.seen[0]?.headers['content-length']).toBe('100000');
    expect(app.seen[1]?.rawTrailers).toEqual(['x-sum', '7']);
  });

  test('may be none at all', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']) {
      expect(await request(over, world, { method })).toMatchObject({ status: 200 });
    }
    for (const headers of [{}, { 'content-length': '0' }]) {
      expect(await request(over, world, { method: 'POST', body: '', headers })).toMatchObject({ status: 200 });
    }
    expect(app.seen.map((seen) => seen.body.length)).toEqual(Array(7).fill(0));
  });

  test.for([
    ['application/json', '{"a":'],
    ['application/json', '{"a":1} x'],
    ['application/xml', '<a><b></a>'],
    ['multipart/form-data; boundary=bnd', '--bnd\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'],
    ['multipart/form-data', 'no boundary'],
    ['multipart/form-data; boundary=bnd', 'x'],
  ])('is refused with 400 when it cannot be read: %s %j', async ([type = '', body = '']) => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const answer = await request(over, world, { method: 'POST', headers: { 'content-type': type }, body });
    expect(answer.status).toBe(400);
    const [record] = await world.wafRecords(1);
    expect(record).toMatchObject({ verdict: 'block', status: 400 });
    expect([200002, 200003, 200004]).toContain(record?.rules[0]?.id);
    expect(app.seen).toEqual([]);
  });

  test('is refused when it has more parameters or levels than are read', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url, waf: 'body: { arguments: 10, depth: 3 }' });
    const post = async (type: string, body: string): Promise<number> =>
      (await request(over, world, { method: 'POST', headers: { 'content-type': type }, body })).status;
    const form = Array.from({ length: 11 }, (_, i) => `a${i}=1`).join('&');
    expect(await post(FORM, form)).toBe(400);
    expect((await request(over, world, { path: `/?${form}` })).status).toBe(400);
    expect(await post('application/json', '[[[[1]]]]')).toBe(400);
    expect(await post('application/json', '[[[1]]]')).toBe(200);
    expect(app.seen).toHaveLength(1);
  });
});

describeProtocols('a body that is still coming', (over) => {
  test('is awaited, however slowly it comes', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const upload = await open(over, world, { 'content-type': FORM });
    for (const piece of ['a=', '1&b', '=at', 'tack']) {
      upload.write(piece);
      await pause(20);
    }
    upload.end();
    expect(await upload.status).toBe(403);
    expect(app.connections.count).toBe(0);
  });

  test('and breaks off reaches no backend, and has its records', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: `${RULES}\nSecAction "id:1,phase:1,pass,log,msg:x"`, to: app.url });
    const upload = await open(over, world, { 'content-type': FORM });
    upload.write('a=1');
    await pause(50);
    upload.destroy();
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 499 });
    expect((await world.wafRecords(1))[0]).toMatchObject({ verdict: 'pass', rules: [{ id: 1 }] });
    expect(app.connections.count).toBe(0);
    expect(world.gateway.load.requests).toBe(0);
  });

  test('and stops coming gets 408', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url, top: 'timeouts: { body: 200ms }' });
    const upload = await open(over, world, { 'content-type': FORM });
    upload.write('a=1');
    expect(await upload.status).toBe(408);
    expect(app.connections.count).toBe(0);
  });

  test('is asked for with 100 once the head has passed, and not when it has not', async () => {
    const app = await startBackend();
    const rules = `${RULES}\nSecRule REQUEST_HEADERS:x-bad "@streq 1" "id:1,phase:1,deny,msg:x"`;
    const world = await startGuarded({ rules, to: app.url, waf: 'body: { over: block }' });
    const headers = { 'content-type': FORM, expect: '100-continue' };
    const good = await open(over, world, headers);
    expect(await good.interim).toBe(100);
    good.end('a=1');
    expect(await good.status).toBe(200);
    const attack = await open(over, world, headers);
    expect(await attack.interim).toBe(100);
    attack.end('a=attack');
    expect(await attack.status).toBe(403);
    const bad = await open(over, world, { ...headers, 'x-bad': '1' });
    expect(await bad.status).toBe(403);
    expect(await Promise.race([bad.interim, Promise.resolve('none')])).toBe('none');
    const long = await open(over, world, { ...headers, 'content-length': '200000' });
    expect(await long.status).toBe(413);
    expect(await Promise.race([long.interim, Promise.resolve('none')])).toBe('none');
    expect(app.seen).toHaveLength(1);
  });
});

interface Upload {
  readonly status: Promise<number>;
  readonly interim: Promise<number>;
  write(text: string): void;
  end(text?: string): void;
  destroy(): void;
}

/** A POST whose body is in the test's hands. */
async function open(
  over: 'h2' | 'http/1.1',
  world: { port: number; ca: string },
  headers: Record<string, string>,
): Promise<Upload> {
  const status = Promise.withResolvers<number>();
  const interim = Promise.withResolvers<number>();
  if (over === 'h2') {
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    session.on('error', () => {});
    const stream = session.request({ ':method': 'POST', ':path': '/', ...headers });
    stream.on('error', () => {});
    stream.on('headers', (fields: { ':status'?: number }) => interim.resolve(fields[':status'] ?? 0));
    stream.on('response', (fields) => {
      status.resolve(fields[':status'] ?? 0);
      stream.resume();
      stream.once('close', () => session.close());
    });
    return {
      status: status.promise,
      interim: interim.promise,
      write: (text) => void stream.write(text),
      end: (text) => void stream.end(text),
      destroy: () => session.destroy(),
    };
  }
  const socket = await openTls(world);
  const isCounted = 'content-length' in headers;
  const fields = { host: 'localhost', ...(isCounted ? {} : { 'transfer-encoding': 'chunked' }), ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    for (const [, code] of chunk.toString('latin1').matchAll(/HTTP\/1\.1 (\d+)/g)) {
      if (code === '100') interim.resolve(100);
      else status.resolve(Number(code));
    }
  });
  const write = (text: string): void => void socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
  socket.write(`POST / HTTP/1.1\r\n${lines.join('')}\r\n`);
  return {
    status: status.promise,
    interim: interim.promise,
    write,
    end: (text) => {
      if (text !== undefined) write(text);
      socket.write('0\r\n\r\n');
    },
    destroy: () => socket.destroy(),
  };
}
