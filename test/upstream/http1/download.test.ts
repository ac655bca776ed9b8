// Answers whose bodies flow: nothing lost, nothing reordered, nothing held beyond one read, and an end
// that is told only when it is the end.
import { describe, expect, test } from 'vitest';
import { isWhole } from '../../../src/http/reply.ts';
import { bytes, eventually, failure, flowing, get, open, stopClock, TestSink, textOf, turns } from './support.ts';

const COUNTED = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const MEBIBYTE = 1024 * 1024;
/** What may be read while nobody takes it: one read here, one in the socket, one on the way. */
const HELD_BYTES = 3 * 64 * 1024;

describe('a reply', () => {
  test('that comes in one read has its body whole', async () => {
    const { connection, peer } = await open();
    const sent = connection.send(get());
    await peer.answer(`${CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n`);
    const reply = await sent;
    expect(isWhole(reply.body)).toBe(true);
    expect(await textOf(reply)).toBe('abcde');
    expect(reply.trailers).toEqual(['x-sum', '1']);
    expect(reply.headers).toEqual([]);
  });

  test('of a long chunk and a short one in one read has both whole', async () => {
    const { connection, peer } = await open();
    const sent = connection.send(get());
    const long = 'x'.repeat(1000);
    await peer.answer(`${CHUNKED}3e8\r\n${long}\r\n1\r\ny\r\n0\r\n\r\n`);
    expect(await textOf(await sent)).toBe(`${long}y`);
  });

  test('that has trailers and no body has an empty one', async () => {
    const { connection, peer } = await open();
    const sent = connection.send(get());
    await peer.answer(`${CHUNKED}0\r\nX-Sum: 1\r\n\r\n`);
    expect(await sent).toMatchObject({ body: new Uint8Array(0), trailers: ['x-sum', '1'] });
  });

  test('cut anywhere gives the same bytes', async () => {
    const { connection, peer } = await open();
    const text = `${CHUNKED}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n`;
    for (let i = 1; i < text.length; i += 1) {
      const sent = connection.send(get());
      await peer.take();
      peer.write(text.slice(0, i));
      await turns(1);
      peer.write(text.slice(i));
      const reply = await sent;
      expect(await textOf(reply)).toBe('abcde');
    }
    expect(connection.keepAlive.answered).toBe(text.length - 1);
  });

  test('of many small chunks in one read is one write', async () => {
    const { connection, peer } = await open();
    const sent = connection.send(get());
    await peer.answer(CHUNKED);
    const sink = new TestSink();
    flowing(await sent).start(sink);
    peer.write('1\r\nx\r\n'.repeat(1000));
    await eventually(() => sink.text.length === 1000);
    expect(sink.chunks.length).toBeLessThan(10);
    peer.write('0\r\nX-A: 1\r\n\r\n');
    await eventually(() => sink.isOver);
    expect(sink.trailers).toEqual(['x-a', '1']);
  });

  test.for([
    ['counted', `HTTP/1.1 200 OK\r\nContent-Length: ${4 * MEBIBYTE}\r\n\r\n`, 4 * MEBIBYTE],
    ['up to the end of the connection', 'HTTP/1.0 200 OK\r\n\r\n', undefined],
  ] as const)('of 4 MiB, %s, arrives whole and in order', async ([, head, length]) => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(head);
    const body = flowing(await sent);
    expect(body.length).toBe(length);
    const sink = new TestSink();
    body.start(sink);
    const data = Buffer.from(Uint32Array.from({ length: MEBIBYTE }, (_, i) => i).buffer);
    peer.write(data);
    if (length === undefined) peer.socket.end();
    await eventually(() => sink.isOver);
    expect(Buffer.concat(sink.chunks).equals(data)).toBe(true);
    expect(told).toEqual([length === undefined ? 'close' : 'idle']);
  });
});

describe('back-pressure', () => {
  const length = 32 * MEBIBYTE;
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;

  test('a body that nobody has started stays in the socket', async () => {
    const { connection, socket, peer } = await open();
    const sent = connection.send(get());
    await peer.take();
    peer.write(head);
    peer.write(Buffer.alloc(length, 'x'));
    const body = flowing(await sent);
    await turns(50);
    expect(socket.bytesRead).toBeLessThanOrEqual(HELD_BYTES);
    const sink = new TestSink();
    body.start(sink);
    await eventually(() => sink.isOver);
    expect(sink.chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(length);
  });

  test('a slow sink is never given more than one read at a time', async () => {
    const { connection, socket, peer, told } = await open();
    const sent = connection.send(get());
    await peer.take();
    peer.write(head);
    peer.write(Buffer.alloc(length, 'x'));
    const body = flowing(await sent);
    const sink = new TestSink();
    sink.isFull = true;
    body.start(sink);
    let taken = 0;
    for (let i = 0; i < 20; i += 1) {
      await turns(2);
      taken = sink.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      expect(socket.bytesRead - taken).toBeLessThanOrEqual(HELD_BYTES);
      const before = sink.chunks.length;
      body.resume();
      await eventually(() => sink.chunks.length > before);
      expect(sink.chunks.length).toBe(before + 1);
    }
    sink.isFull = false;
    body.resume();
    await eventually(() => sink.isOver);
    expect(told).toEqual(['idle']);
    const next = connection.send(get());
    await peer.answer(EMPTY);
    expect((await next).status).toBe(200);
  });

  test('a connection is free once all has arrived, though the sink is full', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(`${COUNTED}hello`);
    const body = flowing(await sent);
    const sink = new TestSink();
    sink.isFull = true;
    body.start(sink);
    body.resume();
    peer.write('world');
    await eventually(() => sink.isOver);
    expect(sink.text).toBe('helloworld');
    expect(told).toEqual(['idle']);
    const next = connection.send(get());
    await peer.answer(EMPTY);
    expect((await next).status).toBe(200);
  });

  test('a body that arrived whole before its sink waits for it, and the connection does not', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(COUNTED);
    const reply = await sent;
    peer.write('helloworld');
    await eventually(() => told.includes('idle'));
    const next = connection.send(get());
    await peer.answer('HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n!');
    expect(await textOf(await next)).toBe('!');
    expect(await textOf(reply)).toBe('helloworld');
  });
});

test('bytes pushed although reading is paused are kept in order, and the connection reads on after them', async () => {
  const { connection, peer, told } = await open();
  const sent = connection.send(get());
  await peer.answer(`${COUNTED}he`);
  const body = flowing(await sent);
  const sink = new TestSink();
  connection.push(bytes('llo'));
  sink.isFull = true;
  body.start(sink);
  expect(sink.text).toBe('hello');
  connection.push(bytes('wo'));
  connection.push(bytes('rl'));
  connection.push(bytes('d'));
  expect(sink.text).toBe('hello');
  expect(sink.isOver).toBe(false);
  body.resume();
  expect(sink.text).toBe('helloworld');
  expect(sink.isOver).toBe(true);
  expect(told).toEqual(['idle']);
  const next = connection.send(get());
  await peer.answer(EMPTY);
  expect((await next).status).toBe(200);
});

describe('a body that is cancelled', () => {
  test('frees the connection at once, and its sink hears nothing more', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(`${COUNTED}hello`);
    const body = flowing(await sent);
    const sink = new TestSink();
    body.start(sink);
    body.cancel();
    body.cancel();
    expect(told).toEqual(['close']);
    expect(connection.isBusy).toBe(false);
    await eventually(() => peer.isEnded);
    expect(sink.isOver).toBe(false);
    expect(sink.text).toBe('hello');
  });

  test('before it was started frees the connection too', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(COUNTED);
    flowing(await sent).cancel();
    expect(told).toEqual(['close']);
    await eventually(() => peer.isEnded);
  });

  test('from within a write ends there', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(COUNTED);
    const body = flowing(await sent);
    const sink = new TestSink();
    sink.onWrite = () => body.cancel();
    body.start(sink);
    peer.write('helloworld');
    await eventually(() => told.includes('close'));
    await turns(3);
    expect(sink.text).toBe('helloworld');
    expect(sink.isOver).toBe(false);
    expect(told).toEqual(['close']);
  });

  test('after its end leaves the connection alone', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(COUNTED);
    const body = flowing(await sent);
    peer.write('helloworld');
    await eventually(() => told.includes('idle'));
    body.cancel();
    expect(connection.isReusable).toBe(true);
    expect(told).toEqual(['idle']);
  });
});

describe('a body that breaks off', () => {
  test.for([
    ['counted, by an end', `${COUNTED}hello`, 'end', 'hello!upstream_closed'],
    ['counted, by a reset', `${COUNTED}hello`, 'reset', 'hello!upstream_closed'],
    ['chunked, by an end', `${CHUNKED}5\r\nhello\r\n`, 'end', 'hello!upstream_closed'],
    ['chunked, before the blank line', `${CHUNKED}5\r\nhello\r\n0\r\n`, 'end', 'hello!upstream_closed'],
    ['chunked, by a reset', `${CHUNKED}5\r\nhello\r\n`, 'reset', 'hello!upstream_closed'],
    ['up to the end of the connection, by a reset', 'HTTP/1.1 200 OK\r\n\r\nhello', 'reset', 'hello!upstream_closed'],
    ['by a malformed chunk', `${CHUNKED}5\r\nhello\r\n`, 'xyz\r\n', 'hello!upstream_protocol'],
  ] as const)('%s, is not the whole', async ([, answer, how, expected]) => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(answer);
    const sink = new TestSink();
    flowing(await sent).start(sink);
    if (how === 'end') peer.socket.end();
    else if (how === 'reset') peer.socket.resetAndDestroy();
    else peer.write(how);
    await eventually(() => sink.isOver);
    expect(`${sink.text}!${sink.error?.code}`).toBe(expected);
    expect(told).toEqual(['close']);
  });

  test('before it was started says so when it is', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(COUNTED);
    const reply = await sent;
    peer.socket.resetAndDestroy();
    await eventually(() => told.includes('close'));
    expect(await textOf(reply)).toBe('!upstream_closed');
  });

  test('because its sink throws ends the connection and not the process', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(COUNTED);
    const sink = new TestSink();
    sink.onWrite = () => {
      throw new Error('a fault of ours');
    };
    flowing(await sent).start(sink);
    peer.write('hello');
    await eventually(() => told.includes('close'));
    expect(sink.error?.code).toBe('internal');
  });
});

describe('silence within a body', () => {
  test('that is read is a timeout', async () => {
    const pass = stopClock();
    const { connection, peer, told } = await open({ timeoutMs: 100 });
    const sent = connection.send(get());
    await peer.answer(`${COUNTED}hello`);
    const sink = new TestSink();
    flowing(await sent).start(sink);
    pass(99);
    expect(sink.isOver).toBe(false);
    pass(1);
    expect(sink.error).toMatchObject({ code: 'upstream_timeout', status: 504 });
    expect(told).toEqual(['close']);
    await eventually(() => peer.isEnded);
  });

  test('does not count while the sink is full, and begins when it has room', async () => {
    const pass = stopClock();
    const { connection, peer } = await open({ timeoutMs: 100 });
    const sent = connection.send(get());
    await peer.answer(`${COUNTED}hello`);
    const body = flowing(await sent);
    const sink = new TestSink();
    sink.isFull = true;
    body.start(sink);
    pass(250);
    expect(sink.isOver).toBe(false);
    body.resume();
    pass(99);
    expect(sink.isOver).toBe(false);
    pass(1);
    expect(sink.error?.code).toBe('upstream_timeout');
  });

  test('does not count before the sink is there, and begins with it', async () => {
    const pass = stopClock();
    const { connection, peer } = await open({ timeoutMs: 100 });
    const sent = connection.send(get());
    await peer.answer(COUNTED);
    const body = flowing(await sent);
    pass(250);
    const sink = new TestSink();
    body.start(sink);
    pass(99);
    expect(sink.isOver).toBe(false);
    pass(1);
    expect(sink.error?.code).toBe('upstream_timeout');
  });

  test('is in the nature of an event stream, and counts again for the next call', async () => {
    const pass = stopClock();
    const { connection, peer } = await open({ timeoutMs: 100 });
    const sent = connection.send(get());
    await peer.answer('HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\nContent-Length: 2\r\n\r\n');
    const sink = new TestSink();
    flowing(await sent).start(sink);
    pass(1000);
    peer.write(':)');
    await eventually(() => sink.isOver);
    expect(sink.text).toBe(':)');
    const next = failure(connection.send(get()));
    pass(100);
    expect(await next).toBe('upstream_timeout');
  });

  test('is broken by every byte', async () => {
    const pass = stopClock();
    const { connection, peer } = await open({ timeoutMs: 100 });
    const sent = connection.send(get());
    await peer.answer(COUNTED);
    const sink = new TestSink();
    flowing(await sent).start(sink);
    for (let i = 0; i < 10; i += 1) {
      pass(99);
      peer.write('x');
      await eventually(() => sink.chunks.length > i);
    }
    expect(sink.trailers).toEqual([]);
  });
});

test('a call on a connection whose body still flows is refused', async () => {
  const { connection, peer } = await open();
  const sent = connection.send(get());
  await peer.answer(`${COUNTED}hello`);
  const reply = await sent;
  expect(connection.isBusy).toBe(true);
  expect(await failure(connection.send(get()))).toBe('internal');
  peer.write('world');
  expect(await textOf(reply)).toBe('helloworld');
});
