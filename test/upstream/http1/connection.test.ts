// The life of a connection: reuse, the ends of it, and what each way of losing it means to the call.
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Headers } from '../../../src/http/headers.ts';
import { Call } from '../../../src/upstream/call.ts';
import { Http1Connection } from '../../../src/upstream/http1/connection.ts';
import { PARSER_LIMITS } from '../../../src/upstream/http1/limits.ts';
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
  textOf,
  turns,
} from './support.ts';

const EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const hello = (extra = ''): string => `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${extra}\r\nhello`;

describe('reuse', () => {
  test('one connection carries call after call', async () => {
    const { connection, peer, told } = await open();
    for (let i = 0; i < 20; i += 1) {
      const sent = connection.send(get(`/${i}`));
      expect(connection.isBusy).toBe(true);
      const request = await peer.answer(hello());
      expect(request).toBe(`GET /${i} HTTP/1.1\r\nhost: app.test\r\n\r\n`);
      expect(await textOf(await sent)).toBe('hello');
      expect(connection.isBusy).toBe(false);
      expect(connection.isReusable).toBe(true);
    }
    expect(connection.keepAlive.answered).toBe(20);
    expect(told).toEqual(Array(20).fill('idle'));
  });

  test.for([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n', ['content-length', '500']],
    [
      'GET',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: "a"\r\n\r\n',
      ['content-length', '500', 'etag', '"a"'],
    ],
    ['DELETE', 'HTTP/1.1 204 No Content\r\n\r\n', []],
    ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', []],
    ['GET', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', ['content-length', '0']],
  ] as const)('%s answered by %j keeps the connection', async ([method, answer, headers]) => {
    const { connection, peer, told } = await open();
    const sent = connection.send(call(method));
    await peer.answer(answer);
    const reply = await sent;
    expect(reply.body).toBeUndefined();
    expect(reply.headers).toEqual(headers);
    expect(told).toEqual(['idle']);
    const next = connection.send(get());
    await peer.answer(EMPTY);
    expect((await next).status).toBe(200);
  });

  test.for([
    hello('Connection: close\r\n'),
    'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
    hello('Keep-Alive: timeout=1\r\n'),
  ])('%j ends the connection', async (answer) => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(answer);
    await sent;
    expect(told).toEqual(['close']);
    expect(connection.isReusable).toBe(false);
    expect(await failure(connection.send(get()))).toBe('upstream_closed retry');
    await eventually(() => peer.isEnded);
  });

  test('a Keep-Alive hint ends reuse one second before the backend does', async () => {
    let nowMs = 1000;
    const { connection, peer } = await open({ now: () => nowMs });
    expect(connection.keepAlive.lastUsedAt).toBe(1000);
    const sent = connection.send(get());
    await peer.take();
    nowMs = 2000;
    peer.write(hello('Keep-Alive: max=9, Timeout=5\r\n'));
    await sent;
    expect(connection.keepAlive.lastUsedAt).toBe(2000);
    nowMs = 5999;
    expect(connection.isReusable).toBe(true);
    nowMs = 6000;
    expect(connection.isReusable).toBe(false);
  });

  test('the bounds are of one answer, not of all', async () => {
    const limits = { ...PARSER_LIMITS, maxInterim: 1, maxChunkExtensionBytes: 3, maxFields: 1 };
    const { connection, peer } = await open({ limits });
    const answer =
      'HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0\r\n\r\n';
    for (let i = 0; i < 3; i += 1) {
      const sent = connection.send(get());
      await peer.answer(answer);
      expect(await textOf(await sent)).toBe('x');
    }
  });

  test('a second call at the same time is refused and harms nothing', async () => {
    const { connection, peer } = await open();
    const first = connection.send(get());
    expect(await failure(connection.send(get()))).toBe('internal');
    await peer.answer(hello());
    expect(await textOf(await first)).toBe('hello');
  });

  test('a call that cannot be sent writes nothing and leaves the connection as it was', async () => {
    const { connection, socket, peer, told } = await open();
    const body = source(['x'], 1);
    expect(await failure(connection.send(new Call('POST', '/', 'app.test', ['x', 'a\r\nb'], body)))).toBe(
      'bad_request',
    );
    expect(socket.bytesWritten).toBe(0);
    expect(body.sink).toBeUndefined();
    expect(connection.isBusy).toBe(false);
    expect(told).toEqual(['idle']);
    const sent = connection.send(get());
    await peer.answer(hello());
    await sent;
    expect(told).toEqual(['idle', 'idle']);
  });

  test('the next call may be sent from within onIdle', async () => {
    let second: Promise<unknown> | undefined;
    const { connection, peer } = await open({
      onIdle: (idle) => {
        second ??= idle.send(get('/second'));
      },
    });
    const first = connection.send(get('/first'));
    await peer.answer(hello());
    await first;
    expect(await peer.answer(EMPTY)).toContain('/second');
    await second;
    expect(connection.isBusy).toBe(false);
  });
});

describe('bytes that nobody asked for end the connection', () => {
  test.for([
    ['in the same read', hello() + hello()],
    ['a single byte', `${hello()}\n`],
    ['after an answer to HEAD', hello(), 'HEAD'],
    ['after 204', 'HTTP/1.1 204 No Content\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
    ['after the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ] as const)('%s', async ([, answer, method = 'GET']) => {
    const { connection, peer, told } = await open();
    const sent = connection.send(call(method));
    await peer.answer(answer);
    expect((await sent).status).toBeLessThan(300);
    expect(told).toEqual(['close']);
    expect(connection.isReusable).toBe(false);
  });

  test('while idle', async () => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(hello());
    await sent;
    peer.write(hello());
    await eventually(() => told.includes('close'));
    expect(told).toEqual(['idle', 'close']);
    expect(await failure(connection.send(get()))).toBe('upstream_closed retry');
  });

  test('before the first call', async () => {
    const { peer, told } = await open();
    peer.write(hello());
    await eventually(() => told.includes('close'));
  });
});

describe('a connection lost before the answer', () => {
  test.for([
    ['GET', true, 'upstream_closed retry'],
    ['HEAD', true, 'upstream_closed retry'],
    ['PUT', true, 'upstream_closed retry'],
    ['DELETE', true, 'upstream_closed retry'],
    ['POST', true, 'upstream_closed'],
    ['PATCH', true, 'upstream_closed'],
    ['GET', false, 'upstream_closed'],
    ['POST', false, 'upstream_closed'],
  ] as const)('%s on a kept connection (%s): %s', async ([method, isKept, expected]) => {
    for (const how of ['end', 'reset'] as const) {
      const { connection, peer, told } = await open();
      if (isKept) {
        const first = connection.send(get());
        await peer.answer(hello());
        await first;
      }
      const sent = failure(connection.send(call(method)));
      await peer.take();
      if (how === 'end') peer.socket.end();
      else peer.socket.resetAndDestroy();
      expect(await sent).toBe(expected);
      expect(told.at(-1)).toBe('close');
    }
  });

  test('with a body that was started is final', async () => {
    const { connection, peer } = await open();
    const first = connection.send(get());
    await peer.answer(hello());
    await first;
    const sent = failure(connection.send(call('PUT', source(['hello'], 5))));
    await peer.take('hello');
    peer.socket.end();
    expect(await sent).toBe('upstream_closed');
  });

  test('after its first byte is final', async () => {
    const { connection, peer } = await open();
    const first = connection.send(get());
    await peer.answer(hello());
    await first;
    const sent = failure(connection.send(get()));
    await peer.answer('H');
    peer.socket.end();
    expect(await sent).toBe('upstream_closed');
  });

  test('after an interim answer is final', async () => {
    const { connection, peer } = await open();
    const first = connection.send(get());
    await peer.answer(hello());
    await first;
    const sent = failure(connection.send(get()));
    await peer.answer('HTTP/1.1 103 Early Hints\r\n\r\n');
    peer.socket.resetAndDestroy();
    expect(await sent).toBe('upstream_closed');
  });
});

describe('the end of an idle connection', () => {
  test.for(['end', 'reset', 'destroy'] as const)('by %s is told once', async (how) => {
    const { connection, peer, told } = await open();
    const sent = connection.send(get());
    await peer.answer(hello());
    await sent;
    if (how === 'end') peer.socket.end();
    else if (how === 'reset') peer.socket.resetAndDestroy();
    else connection.destroy();
    await eventually(() => told.includes('close'));
    connection.destroy();
    await turns(5);
    expect(told).toEqual(['idle', 'close']);
    expect(connection.isReusable).toBe(false);
  });

  test('a socket that had ended before is told as closed too', async () => {
    const server = net.createServer().listen(0);
    await once(server, 'listening');
    const socket = net.connect((server.address() as net.AddressInfo).port);
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
    const told: string[] = [];
    const connection = new Http1Connection(socket, { timeoutMs: 1000, onClose: () => told.push('close') });
    expect(connection.isReusable).toBe(false);
    expect(await failure(connection.send(get()))).toBe('upstream_closed retry');
    await turns(3);
    expect(told).toEqual(['close']);
    server.close();
  });
});

describe('destroy and cancel', () => {
  test('destroy fails the call under way', async () => {
    const { connection, peer, told } = await open();
    const sent = failure(connection.send(get()));
    await peer.take();
    connection.destroy();
    expect(await sent).toBe('upstream_closed');
    expect(told).toEqual(['close']);
  });

  test('cancel before the answer frees the connection at once', async () => {
    const { connection, peer, told } = await open();
    const given = get();
    const sent = failure(connection.send(given));
    await peer.take();
    given.cancel();
    expect(told).toEqual(['close']);
    expect(await sent).toBe('client_closed');
    await eventually(() => peer.isEnded);
  });

  test('cancel within the body tells its sink and frees the connection', async () => {
    const { connection, peer, told } = await open();
    const given = get();
    const sent = connection.send(given);
    await peer.answer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello');
    const sink = new TestSink();
    flowing(await sent).start(sink);
    given.cancel();
    expect(sink.text).toBe('hello');
    expect(sink.error?.code).toBe('client_closed');
    expect(told).toEqual(['close']);
    await eventually(() => peer.isEnded);
  });

  test('cancel before send sends nothing', async () => {
    const { connection, socket } = await open();
    const given = get();
    given.cancel();
    expect(await failure(connection.send(given))).toBe('client_closed');
    expect(socket.bytesWritten).toBe(0);
    expect(connection.isReusable).toBe(true);
  });

  test('cancel after the answer does nothing', async () => {
    const { connection, peer } = await open();
    const given = get();
    const sent = connection.send(given);
    await peer.answer(hello());
    await sent;
    expect(given.onCancel).toBeUndefined();
    given.cancel();
    expect(connection.isReusable).toBe(true);
  });

  test('cancel from within an interim answer ends the call', async () => {
    const { connection, peer } = await open();
    const given = get();
    given.onInformational = () => given.cancel();
    const sent = failure(connection.send(given));
    await peer.answer(`HTTP/1.1 103 Early Hints\r\n\r\n${hello()}`);
    expect(await sent).toBe('client_closed');
    expect(connection.isReusable).toBe(false);
  });
});

describe('interim answers', () => {
  test('are passed on, 100 excepted', async () => {
    const { connection, peer } = await open();
    const given = get();
    const heard: [number, Headers][] = [];
    given.onInformational = (status, headers) => heard.push([status, [...headers]]);
    const sent = connection.send(given);
    await peer.answer('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\n\r\n');
    await eventually(() => heard.length > 0);
    peer.write(`HTTP/1.1 102 Processing\r\n\r\n${hello()}`);
    expect(await textOf(await sent)).toBe('hello');
    expect(heard).toEqual([
      [103, ['link', '</a>']],
      [102, []],
    ]);
  });

  test('whose listener throws end the call and not the process', async () => {
    const { connection, peer } = await open();
    const given = get();
    given.onInformational = () => {
      throw new Error('a fault of ours');
    };
    const sent = failure(connection.send(given));
    await peer.answer(`HTTP/1.1 103 Early Hints\r\n\r\n${hello()}`);
    expect(await sent).toBe('internal');
    expect(connection.isReusable).toBe(false);
  });
});

describe('bad framing', () => {
  test.for([
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    '\x16\x03\x01\x02\x00\x01\x00',
  ])('%j is a protocol error of the backend', async (answer) => {
    const { connection, peer, told } = await open();
    const sent = failure(connection.send(get()));
    await peer.answer(answer);
    expect(await sent).toBe('upstream_protocol');
    expect(told).toEqual(['close']);
  });
});

describe('silence', () => {
  test('before the answer is a timeout with status 504', async () => {
    const pass = stopClock();
    const { connection, peer, told } = await open({ timeoutMs: 100 });
    const sent = connection.send(get());
    pass(99);
    expect(connection.isBusy).toBe(true);
    pass(1);
    await expect(sent).rejects.toMatchObject({ code: 'upstream_timeout', side: 'upstream', status: 504, retry: false });
    expect(told).toEqual(['close']);
    await eventually(() => peer.isEnded);
  });

  test.for([
    ['a head that comes byte by byte', 'HTTP/1.1 '.split('')],
    ['interim answers', Array<string>(9).fill('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')],
  ] as const)('is not broken by %s: the time is until the head of the answer is whole', async ([, pieces]) => {
    const pass = stopClock();
    const { connection, socket, peer } = await open({ timeoutMs: 100 });
    const sent = failure(connection.send(get()));
    await peer.take();
    for (const piece of pieces) {
      const before = socket.bytesRead;
      pass(10);
      peer.write(piece);
      await eventually(() => socket.bytesRead > before);
    }
    pass(10);
    expect(await sent).toBe('upstream_timeout');
  });

  test('within the body is counted from the end of the head', async () => {
    const pass = stopClock();
    const { connection, peer } = await open({ timeoutMs: 100 });
    const sent = connection.send(get());
    await peer.take();
    pass(99);
    peer.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
    const text = textOf(await sent);
    pass(99);
    peer.write('hello');
    expect(await text).toBe('hello');
  });

  test('of an idle connection is no fault, and the next call has the whole time', async () => {
    const pass = stopClock();
    const { connection, peer, told } = await open({ timeoutMs: 100 });
    const sent = connection.send(get());
    await peer.answer(hello());
    await sent;
    pass(1050);
    expect(told).toEqual(['idle']);
    const next = connection.send(get());
    pass(99);
    await peer.answer(hello());
    expect((await next).status).toBe(200);
    pass(1050);
    const last = failure(connection.send(get()));
    pass(100);
    expect(await last).toBe('upstream_timeout');
  });
});

describe('a socket that somebody else reads', () => {
  test('is driven by push, with one buffer for all reads', async () => {
    const server = net.createServer({ noDelay: true }).listen(0);
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[net.Socket]>;
    const buffer = Buffer.alloc(64);
    let connection: Http1Connection | undefined;
    const socket = net.connect({
      port: (server.address() as net.AddressInfo).port,
      onread: {
        buffer,
        callback: (length, read) => {
          connection?.push(Buffer.from(read.buffer, read.byteOffset, length));
          return true;
        },
      },
    });
    await once(socket, 'connect');
    connection = new Http1Connection(socket, { timeoutMs: 1000, sharedBuffer: true });
    const [peer] = await accepted;
    const text = 'abcdefghij'.repeat(40);
    for (const answer of [
      `HTTP/1.1 200 OK\r\nX-A: ${text}\r\nContent-Length: 400\r\n\r\n${text}`,
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'2\r\nab\r\n'.repeat(100)}0\r\n\r\n`,
    ]) {
      const sent = connection.send(get());
      peer.write(bytes(answer));
      const reply = await sent;
      await turns(5);
      buffer.fill('!');
      expect(await textOf(reply)).toBe(
        answer.includes('chunked') ? 'ab'.repeat(100) : answer.includes('X-A') ? text : 'abc',
      );
    }
    connection.destroy();
    peer.destroy();
    server.close();
  });
});
