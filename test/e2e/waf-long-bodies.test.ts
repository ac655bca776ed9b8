import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBackend, startStreamingBackend } from '../support/backend.ts';
import { describeProtocols, openTls, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const RULES = 'SecRule ARGS_POST "@contains attack" "id:100,phase:2,deny,log,msg:x"';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describeProtocols('a body longer than is inspected', (over) => {
  test('is refused with 413, and nothing of it reaches the backend', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url, waf: 'body: { inspect: 1KiB, over: block }' });
    const body = `a=${'x'.repeat(1023)}`;
    expect(await request(over, world, { method: 'POST', headers: FORM, body })).toMatchObject({ status: 413 });
    const counted = { ...FORM, 'content-length': String(body.length) };
    expect(await request(over, world, { method: 'POST', headers: counted, body })).toMatchObject({ status: 413 });
    const trailers = { 'x-sum': '1' };
    expect(await request(over, world, { method: 'POST', headers: FORM, body, trailers })).toMatchObject({
      status: 413,
    });
    expect(app.connections.count).toBe(0);
    const records = await world.accessRecords(3);
    expect(records.map(({ reason }) => reason)).toEqual(Array(3).fill('body-over-inspection'));
    const exact = body.slice(1);
    expect(await request(over, world, { method: 'POST', headers: FORM, body: exact })).toMatchObject({ status: 200 });
  });

  test('passes where its beginning is enough, and is judged by it', async () => {
    const app = await startBackend();
    const world = await startGuarded({
      rules: RULES,
      to: app.url,
      waf: 'body: { inspect: 1KiB, over: inspect-prefix }',
    });
    const filler = 'x'.repeat(300_000);
    const early = `a=attack&b=${filler}`;
    const late = `b=${filler}&a=attack`;
    expect(await request(over, world, { method: 'POST', headers: FORM, body: early })).toMatchObject({ status: 403 });
    expect(app.connections.count).toBe(0);
    const trailers = { 'x-sum': '1' };
    expect(await request(over, world, { method: 'POST', headers: FORM, body: late, trailers })).toMatchObject({
      status: 200,
    });
    expect(app.seen[0]?.body.toString()).toBe(late);
    expect(app.seen[0]?.rawTrailers).toEqual(['x-sum', '1']);
  });

  test.for([
    ['application/json', (a: string, filler: string) => JSON.stringify({ a, b: [filler] })],
    ['text/xml', (a: string, filler: string) => `<r><a>${a}</a><b>${filler}</b></r>`],
    [
      'multipart/form-data; boundary=b',
      (a: string, filler: string) =>
        `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${a}\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n${filler}\r\n--b--\r\n`,
    ],
  ] as const)('of type %s is not taken for a broken one because only its beginning is read', async ([type, make]) => {
    const app = await startBackend();
    const rules = 'SecRule ARGS|XML:/* "@contains attack" "id:100,phase:2,deny,log,msg:x"';
    const world = await startGuarded({ rules, to: app.url, waf: 'body: { inspect: 1KiB, over: inspect-prefix }' });
    const headers = { 'content-type': type };
    const filler = 'x'.repeat(5000);
    const harmless = make('fine', filler);
    expect(await request(over, world, { method: 'POST', headers, body: harmless })).toMatchObject({ status: 200 });
    expect(app.seen[0]?.body.toString()).toBe(harmless);
    const attack = make('an attack', filler);
    expect(await request(over, world, { method: 'POST', headers, body: attack })).toMatchObject({ status: 403 });
  });

  test('of 64 MiB waits at the client while the backend is slow, and arrives whole', async () => {
    const hash = createHash('sha256');
    const arrived = Promise.withResolvers<IncomingMessage>();
    const app = await startStreamingBackend((incoming, response) => {
      incoming.on('end', () => response.end(hash.digest('hex')));
      arrived.resolve(incoming);
    });
    const world = await startGuarded({
      rules: RULES,
      to: app.url,
      waf: 'body: { inspect: 64KiB, over: inspect-prefix }',
    });
    const sent = createHash('sha256');
    const piece = Buffer.alloc(256 * 1024, 'abcdefg');
    let written = 0;
    const answer = upload(over, world, 256, (i) => {
      const chunk = Buffer.from(piece);
      chunk.writeUInt32BE(i);
      sent.update(chunk);
      written += chunk.length;
      return chunk;
    });
    const incoming = await arrived.promise;
    await stillness(() => written);
    // What the kernel holds on two connections grows with its leisure: 8 MiB as a rule, at times more than twice that.
    expect(written).toBeLessThan(48 * 2 ** 20);
    incoming.on('data', (chunk: Buffer) => hash.update(chunk));
    expect(await answer).toContain(sent.digest('hex'));
    expect(written).toBe(64 * 2 ** 20);
    // On a machine with other work to do the bytes take their time.
  }, 60_000);

  test('is refused while the client still writes, and the client gets to read why', async () => {
    const app = await startBackend();
    for (const over413 of ['block', 'inspect-prefix']) {
      const world = await startGuarded({ rules: RULES, to: app.url, waf: `body: { inspect: 1KiB, over: ${over413} }` });
      const first = Buffer.from(`a=attack&b=${'x'.repeat(8_000)}`);
      const answer = await upload(over, world, 64, (i) => (i === 0 ? first : Buffer.alloc(64 * 1024, 'x')));
      expect(answer).toMatch(/^403 /);
      expect((await world.accessRecords(1))[0]).toMatchObject({ status: 403 });
      expect(world.gateway.load.requests).toBe(0);
    }
    expect(app.connections.count).toBe(0);
  });
});

/** Until a figure has stopped to change. */
async function stillness(figure: () => number): Promise<void> {
  for (let before = -1; before !== figure(); ) {
    before = figure();
    await pause(200);
  }
}

/** Uploads pieces without a length, waiting for room, and only then reads: `status body`. */
async function upload(
  over: 'h2' | 'http/1.1',
  world: { port: number; ca: string },
  count: number,
  piece: (i: number) => Buffer,
): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  if (over === 'h2') {
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    const stream = session.request({ ':method': 'POST', ':path': '/', ...headers });
    let status = 0;
    let text = '';
    const closed = new Promise<void>((resolve) => stream.once('close', resolve));
    stream.on('response', (fields) => {
      status = fields[':status'] ?? 0;
    });
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    for (let i = 0; i < count && !stream.closed && !stream.destroyed; i++) {
      if (!stream.write(piece(i)))
        await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), closed]);
      await turn();
    }
    stream.end();
    await closed;
    session.destroy();
    return `${status} ${text}`;
  }
  const socket = await openTls(world);
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n');
  socket.write(`content-type: ${headers['content-type']}\r\n\r\n`);
  for (let i = 0; i < count && !socket.destroyed; i++) {
    const chunk = piece(i);
    socket.write(`${chunk.length.toString(16)}\r\n`);
    socket.write(chunk);
    if (!socket.write('\r\n')) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    await turn();
  }
  let text = '';
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1');
    if (isWhole(text)) socket.destroy();
  });
  socket.write('0\r\n\r\n');
  await closed;
  return text.replace(/^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n/, '$1 ');
}

/** Whether an answer has come to its end. */
function isWhole(text: string): boolean {
  const [head = '', body] = text.split('\r\n\r\n', 2);
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  return body !== undefined && (length === undefined ? text.endsWith('0\r\n\r\n') : body.length === Number(length));
}
