// Request bodies on the wire: framing, back-pressure, and every way in which one does not end well.
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { GatehouseError } from '../../../src/base/errors.ts';
import { Call } from '../../../src/upstream/call.ts';
import {
  bytes,
  call,
  eventually,
  failure,
  flowing,
  get,
  open,
  source,
  stopClock,
  TestSink,
  TestSource,
  textOf,
  turns,
} from './support.ts';

const HEAD = 'POST / HTTP/1.1\r\nhost: app.test\r\n';
const EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const REFUSED = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig';
const BLOCK = Buffer.alloc(64 * 1024, 'x');

describe('a body', () => {
  test.for([
    ['counted', source(['hel', 'lo'], 5), 'content-length: 5\r\n\r\nhello'],
    ['counted and empty', source([], 0), 'content-length: 0\r\n\r\n'],
    [
      'chunked',
      source(['hello', 'abcdefghijklmnop']),
      'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\nabcdefghijklmnop\r\n0\r\n\r\n',
    ],
    ['chunked and empty', source([]), 'transfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    [
      'with empty chunks, which would end it',
      source(['a', '', 'b']),
      'transfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n',
    ],
    [
      'with trailers',
      source(['a'], undefined, ['x-sum', '1', 'x-b', '']),
      'transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-sum: 1\r\nx-b: \r\n\r\n',
    ],
    [
      'with trailers that may not be there',
      source(['a'], undefined, ['content-length', '9', 'x-b', '2', 'host', 'h', 'transfer-encoding', 'x']),
      'transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-b: 2\r\n\r\n',
    ],
    ['counted, whose trailers have no place', source(['a'], 1, ['x-a', '1']), 'content-length: 1\r\n\r\na'],
  ] as const)('%s', async ([, body, expected]) => {
    const { connection, peer, told } = await open();
    const reads: number[] = [];
    peer.socket.on('data', (chunk) => reads.push(chunk.length));
    const sent = connection.send(call('POST', body));
    await eventually(() => peer.received.length >= HEAD.length + expected.length);
    expect(await peer.take()).toBe(HEAD + expected);
    // Head and body left in one write.
    expect(reads).toHaveLength(1);
    peer.write(EMPTY);
    await sent;
    expect(told).toEqual(['idle']);
    expect(body.isCancelled).toBe(false);
  });

  test('of DELETE and OPTIONS is framed, so that it is no second request', async () => {
    for (const method of ['DELETE', 'OPTIONS', 'GET']) {
      const { connection, peer } = await open();
      const sent = connection.send(call(method, source(['GET /admin HTTP/1.1\r\n\r\n'])));
      await peer.take('0\r\n\r\n');
      peer.write(EMPTY);
      expect((await sent).status).toBe(200);
    }
  });

  test('that comes later is sent as it comes', async () => {
    const { connection, peer } = await open();
    const body = new TestSource();
    const sent = connection.send(call('POST', body));
    expect(await peer.take()).toBe(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    body.sink?.write(bytes('one'));
    expect(await peer.take('one')).toBe('3\r\none\r\n');
    body.sink?.end([]);
    expect(await peer.take('0')).toBe('0\r\n\r\n');
    peer.write(EMPTY);
    await sent;
  });

  test('is not resumed when only its head was too much for the socket', async () => {
    const { connection, socket, peer } = await open();
    let drains = 0;
    socket.on('drain', () => {
      drains += 1;
    });
    const body = new TestSource();
    const sent = connection.send(new Call('POST', '/', 'app.test', ['x-long', 'x'.repeat(200_000)], body));
    await peer.take();
    await eventually(() => drains > 0);
    expect(body.resumes).toBe(0);
    body.sink?.end([]);
    await peer.take('0\r\n\r\n');
    peer.write(EMPTY);
    await sent;
  });

  test('stops while the backend does not read, and goes on when it does', async () => {
    const { connection, socket, peer } = await open();
    peer.socket.pause();
    const total = 400;
    let pushed = 0;
    const body: TestSource = new TestSource(total * BLOCK.length, () => {});
    body.resume = () => push();
    const push = (): void => {
      while (pushed < total) {
        pushed += 1;
        if (body.sink?.write(BLOCK) === false) return;
      }
      body.sink?.end([]);
    };
    const sent = connection.send(call('POST', body));
    push();
    await turns(30);
    const held = pushed;
    expect(held).toBeLessThan(total);
    expect(socket.writableLength).toBeLessThanOrEqual(2 * BLOCK.length);
    await turns(30);
    expect(pushed).toBe(held);
    let received = 0;
    peer.socket.on('data', (chunk) => {
      received += chunk.length;
      peer.received = '';
    });
    peer.socket.resume();
    await eventually(() => pushed === total && received >= total * BLOCK.length);
    peer.write(EMPTY);
    expect((await sent).status).toBe(200);
    expect(connection.isReusable).toBe(true);
  });
});

describe('a body that cannot be completed', () => {
  const tooLarge = new GatehouseError('body_too_large', 'client', 'too large', { status: 413 });

  test.for([
    ['shorter than declared', source(['hell'], 5), 'bad_request'],
    ['longer than declared', source(['hel', 'lo!'], 5), 'bad_request'],
    ['longer than nothing', source(['x'], 0), 'bad_request'],
    ['with a line end in a trailer', source(['x'], undefined, ['x-a', '1\r\nX-B: 2']), 'bad_request'],
    ['with a malformed trailer name', source(['x'], undefined, ['x a', '1']), 'bad_request'],
    ['with half a trailer', source(['x'], undefined, ['x-a']), 'bad_request'],
    ['counted, that fails', failing(5), 'body_too_large'],
    ['chunked, that fails', failing(undefined), 'body_too_large'],
    ['whose source throws', new TestSource(5, () => assertNever()), 'internal'],
  ] as const)('%s ends the connection, and the request never looks complete', async ([, body, code]) => {
    const { connection, peer, told } = await open();
    expect(await failure(connection.send(call('POST', body)))).toBe(code);
    expect(told).toEqual(['close']);
    await eventually(() => peer.isEnded || peer.isClosed);
    expect(peer.received).not.toContain('0\r\n\r\n');
    const [, sent = ''] = peer.received.split('\r\n\r\n');
    if (peer.received.includes('content-length')) expect(sent.length).toBeLessThan(5);
  });

  function failing(length: number | undefined): TestSource {
    return new TestSource(length, (sink) => {
      sink.write(bytes('hel'));
      sink.fail(tooLarge);
    });
  }

  function assertNever(): never {
    throw new Error('a fault of ours');
  }

  test('fails the answer that has begun already', async () => {
    const { connection, peer, told } = await open();
    const body = new TestSource();
    const sent = connection.send(call('POST', body));
    await peer.answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
    const sink = new TestSink();
    flowing(await sent).start(sink);
    body.sink?.fail(tooLarge);
    expect(sink.error?.code).toBe('body_too_large');
    expect(told).toEqual(['close']);
  });

  test('is cancelled with its call', async () => {
    const { connection, peer } = await open();
    const body = new TestSource();
    const given = call('POST', body);
    const sent = failure(connection.send(given));
    await peer.take();
    given.cancel();
    expect(await sent).toBe('client_closed');
    expect(body.isCancelled).toBe(true);
    expect(body.sink?.write(bytes('late'))).toBe(false);
    body.sink?.end([]);
    body.sink?.fail(tooLarge);
    await eventually(() => peer.isEnded);
    expect(peer.received).toBe('');
  });

  test('is cancelled when the backend closes the connection', async () => {
    const { connection, peer } = await open();
    const body = new TestSource();
    const sent = failure(connection.send(call('POST', body)));
    await peer.take();
    peer.socket.end();
    expect(await sent).toBe('upstream_closed');
    expect(body.isCancelled).toBe(true);
  });
});

describe('an answer before the end of the request', () => {
  test('is delivered at once; the rest of the body is not wanted and the connection ends', async () => {
    const { connection, peer, told } = await open();
    const body = new TestSource(1000);
    const sent = connection.send(call('POST', body));
    body.sink?.write(bytes('x'));
    await peer.answer(REFUSED);
    const reply = await sent;
    expect(reply.status).toBe(413);
    expect(await textOf(reply)).toBe('big');
    expect(body.isCancelled).toBe(true);
    expect(told).toEqual(['close']);
    await eventually(() => peer.isEnded);
  });

  test('ends the connection while a part of the body is still in the socket', async () => {
    const { connection, socket, peer, told } = await open();
    peer.socket.pause();
    const blocks = 200;
    const body = new TestSource(blocks * BLOCK.length, (sink) => {
      for (let i = 0; i < blocks; i += 1) sink.write(BLOCK);
      sink.end([]);
    });
    const sent = connection.send(call('POST', body));
    peer.write(REFUSED);
    expect((await sent).status).toBe(413);
    expect(socket.writableLength).toBeGreaterThan(0);
    expect(told).toEqual(['close']);
  });

  test('whose body flows lets both directions end in their own time', async () => {
    const { connection, peer, told } = await open();
    const body = new TestSource();
    const sent = connection.send(call('POST', body));
    await peer.answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const sink = new TestSink();
    flowing(await sent).start(sink);
    for (const word of ['one', 'two', 'three']) {
      body.sink?.write(bytes(word));
      await peer.take(word);
      peer.write(`${word.length}\r\n${word}\r\n`);
      await eventually(() => sink.text.endsWith(word));
    }
    body.sink?.end([]);
    await peer.take('0\r\n\r\n');
    peer.write('0\r\n\r\n');
    await eventually(() => sink.isOver);
    expect(sink.text).toBe('onetwothree');
    expect(told).toEqual(['idle']);
  });

  test('is not lost when writing has failed before it was read', async () => {
    for (let i = 0; i < 10; i += 1) {
      const { connection, socket, peer, told } = await open();
      const body = new TestSource(100 * BLOCK.length);
      const errors: (Error & { syscall?: string })[] = [];
      socket.on('error', (error) => errors.push(error));
      peer.socket.pause();
      const sent = connection.send(call('POST', body));
      body.sink?.write(BLOCK);
      await turns(2);
      // All within one turn: answer and reset are in the kernel, unread, when the next write fails.
      peer.write(REFUSED);
      peer.socket.destroy();
      const later = once(peer.socket, 'close').then(() => body.sink?.write(BLOCK));
      while (body.sink?.write(BLOCK) === true);
      const reply = await sent;
      expect(reply.status).toBe(413);
      expect(await textOf(reply)).toBe('big');
      expect(body.isCancelled).toBe(true);
      await later;
      expect(told).toEqual(['close']);
    }
  });

  test('without a length is not taken as whole when the connection was reset', async () => {
    const { connection, socket, peer } = await open();
    const body = new TestSource(100 * BLOCK.length);
    let isWriteError = false;
    socket.on('error', () => {
      isWriteError = !socket.destroyed;
    });
    peer.socket.pause();
    const sent = connection.send(call('POST', body));
    body.sink?.write(BLOCK);
    await turns(2);
    peer.write('HTTP/1.1 413 Content Too Large\r\n\r\nhalf of the ans');
    peer.socket.destroy();
    setImmediate(() => body.sink?.write(BLOCK));
    expect(await textOf(await sent)).toBe('half of the ans!upstream_closed');
    expect(isWriteError).toBe(true);
  });

  test('that never comes after a failed write is a closed connection, soon', async () => {
    const { connection, peer } = await open();
    const body = new TestSource(100 * BLOCK.length);
    peer.socket.pause();
    const sent = failure(connection.send(call('POST', body)));
    body.sink?.write(BLOCK);
    await turns(2);
    peer.socket.destroy();
    setImmediate(() => body.sink?.write(BLOCK));
    const startedAt = performance.now();
    expect(await sent).toBe('upstream_closed');
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(body.isCancelled).toBe(true);
  });
});

describe('after a failed write', () => {
  const broken = Object.assign(new Error('write EPIPE'), { syscall: 'write', code: 'EPIPE' });

  test('silence is a closed connection after one second', async () => {
    const pass = stopClock();
    const { connection, socket, peer } = await open({ timeoutMs: 60_000 });
    const sent = failure(connection.send(call('POST', new TestSource())));
    await peer.take();
    socket.emit('error', broken);
    pass(999);
    expect(connection.isBusy).toBe(true);
    expect(connection.isReusable).toBe(false);
    pass(1);
    expect(await sent).toBe('upstream_closed');
  });

  test('a slow sink still gets the answer that came', async () => {
    const pass = stopClock();
    const { connection, socket, peer, told } = await open({ timeoutMs: 60_000 });
    const sent = connection.send(call('POST', new TestSource()));
    await peer.answer('HTTP/1.1 413 Content Too Large\r\nContent-Length: 6\r\n\r\nbig');
    const body = flowing(await sent);
    const sink = new TestSink();
    sink.isFull = true;
    body.start(sink);
    socket.emit('error', broken);
    peer.write('ger');
    pass(5000);
    body.resume();
    await eventually(() => sink.isOver);
    expect(sink.text).toBe('bigger');
    expect(sink.error).toBeUndefined();
    expect(told).toEqual(['close']);
  });

  test('an idle connection is over', async () => {
    const { socket, told } = await open();
    socket.emit('error', broken);
    expect(told).toEqual(['close']);
  });
});

describe('silence', () => {
  test('is counted from the last byte of the body, its end included', async () => {
    const pass = stopClock();
    const { connection, peer } = await open({ timeoutMs: 100 });
    const body = new TestSource();
    const sent = connection.send(call('POST', body));
    for (let i = 0; i < 3; i += 1) {
      pass(99);
      body.sink?.write(bytes('x'));
    }
    pass(99);
    body.sink?.end([]);
    pass(99);
    await peer.take('0\r\n\r\n');
    peer.write(EMPTY);
    expect((await sent).status).toBe(200);
  });

  test('is counted from when the socket has passed on what it held', async () => {
    const pass = stopClock();
    const { connection, socket, peer } = await open({ timeoutMs: 100 });
    peer.socket.pause();
    const blocks = 200;
    const body = new TestSource(blocks * BLOCK.length, (sink) => {
      for (let i = 0; i < blocks; i += 1) sink.write(BLOCK);
      sink.end([]);
    });
    const sent = connection.send(call('POST', body));
    pass(99);
    peer.socket.resume();
    await eventually(() => socket.writableLength === 0);
    await turns(2);
    pass(99);
    peer.write(EMPTY);
    expect((await sent).status).toBe(200);
  });

  test('of a backend that does not read the body ends the call', async () => {
    const pass = stopClock();
    const { connection, peer } = await open({ timeoutMs: 100 });
    peer.socket.pause();
    const body = new TestSource();
    const sent = failure(connection.send(call('POST', body)));
    while (body.sink?.write(BLOCK) === true);
    pass(100);
    expect(await sent).toBe('upstream_timeout');
    expect(body.isCancelled).toBe(true);
  });
});

test('a connection that carried an upload carries the next call', async () => {
  const { connection, peer, told } = await open();
  const first = connection.send(call('POST', source(['hello'])));
  await peer.take('0\r\n\r\n');
  peer.write(EMPTY);
  await first;
  const second = connection.send(get());
  await peer.answer(EMPTY);
  await second;
  expect(told).toEqual(['idle', 'idle']);
});
