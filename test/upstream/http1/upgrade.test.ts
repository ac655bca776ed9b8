// Switching protocols: agreed to exactly as asked, or an ordinary answer, or a fault.
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { call, eventually, failure, get, open, stopClock, TestSource, textOf, turns } from './support.ts';

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: k\r\n\r\n';

describe('an upgrade', () => {
  test.for([
    ['in the same read', 0],
    ['cut within the head', SWITCH.length - 2],
    ['cut after the head', SWITCH.length],
  ] as const)('hands the socket over with the bytes that followed, %s', async ([, at]) => {
    const { connection, socket, peer, told } = await open();
    const asked = connection.upgrade(get('/chat', ['sec-websocket-key', 'k']), 'websocket');
    expect(await peer.take()).toContain('\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
    const text = `${SWITCH}hello`;
    peer.write(text.slice(0, at));
    await turns(3);
    peer.write(text.slice(at));
    const answer = await asked;
    if ('reply' in answer) throw new Error('not upgraded');
    expect(answer.status).toBe(101);
    expect(answer.headers).toEqual(['sec-websocket-accept', 'k']);
    expect(answer.socket).toBe(socket);
    expect(told).toEqual(['close']);
    expect(connection.isReusable).toBe(false);

    // What comes before the new owner listens waits for it.
    peer.write('world');
    await turns(5);
    let received = answer.head.toString('latin1');
    answer.socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    answer.socket.resume();
    await eventually(() => received === 'helloworld');
    answer.socket.write('back');
    await peer.take('back');
    connection.destroy();
    expect(answer.socket.destroyed).toBe(false);
    const closed = once(answer.socket, 'close');
    peer.socket.end();
    await closed;
  });

  test('leaves no silence to be counted', async () => {
    const pass = stopClock();
    const { connection, peer } = await open({ timeoutMs: 100 });
    const asked = connection.upgrade(get(), 'websocket');
    await peer.answer(SWITCH);
    const answer = await asked;
    pass(1000);
    expect('socket' in answer && answer.socket.destroyed).toBe(false);
  });

  test.for([
    ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno', 200, 'no'],
    ['426', 'HTTP/1.1 426 Upgrade Required\r\nUpgrade: other\r\nContent-Length: 0\r\n\r\n', 426, ''],
  ] as const)('answered by %s is an ordinary reply, and the connection is kept', async ([, text, status, body]) => {
    const { connection, peer, told } = await open();
    const asked = connection.upgrade(get(), 'websocket');
    await peer.answer(text);
    const answer = await asked;
    if (!('reply' in answer)) throw new Error('upgraded');
    expect(answer.reply.status).toBe(status);
    expect(await textOf(answer.reply)).toBe(body);
    expect(told).toEqual(['idle']);
  });

  test.for([
    ['to another protocol', 'Upgrade: h2c\r\nConnection: Upgrade\r\n'],
    ['to a list of protocols', 'Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n'],
    ['to nothing', 'Connection: Upgrade\r\n'],
    ['that Connection does not name', 'Upgrade: websocket\r\n'],
    ['with a body', 'Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n'],
  ] as const)('answered by a 101 %s is a fault of the backend', async ([, fields]) => {
    const { connection, peer, told } = await open();
    const asked = failure(connection.upgrade(get(), 'websocket'));
    await peer.answer(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\nhello`);
    expect(await asked).toBe('upstream_protocol');
    expect(told).toEqual(['close']);
  });

  test('with a body is refused before anything is written', async () => {
    const { connection, socket } = await open();
    expect(await failure(connection.upgrade(call('POST', new TestSource()), 'websocket'))).toBe('bad_request');
    expect(socket.bytesWritten).toBe(0);
  });
});
