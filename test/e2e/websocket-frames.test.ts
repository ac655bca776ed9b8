// Whatever frames two WebSocket endpoints exchange, right or wrong, the gateway adds nothing and takes nothing away.
import { expect, test } from 'vitest';
import type WebSocket from 'ws';
import { describeProtocols } from '../support/client.ts';
import { closeOf, dialSocket, messageOf, startEcho } from '../support/websocket.ts';
import { startGateway, type World } from '../support/world.ts';

const SIZES = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 1_000_000];
const CLOSE_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 3000, 3999, 4000, 4999];

async function before(url: string): Promise<World> {
  return startGateway(`sites: { localhost: { to: "${url}" } }`);
}

/** The stream below: for bytes that no client would send. */
function rawOf(socket: WebSocket): { write(bytes: Buffer): unknown } {
  return (socket as unknown as { _socket: { write(bytes: Buffer): unknown } })._socket;
}

/** A masked frame, its mask all zero. */
function frame(first: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

describeProtocols('frames', (over) => {
  test.for([false, true])('of every size come back as they were (binary: %s)', async (isBinary) => {
    const echo = await startEcho();
    const socket = await dialSocket(over, await before(echo.url));
    expect(await messageOf(socket)).toBe('welcome');
    for (const size of SIZES) {
      const sent = Buffer.alloc(size, 'ä*');
      const text = isBinary ? sent : sent.toString('latin1');
      const back = new Promise((resolve) => socket.once('message', (data, binary) => resolve([data, binary])));
      socket.send(text);
      expect(await back).toEqual([Buffer.from(text as string), isBinary]);
    }
  });

  test('in fragments, with pings between them and letters cut in the middle', async () => {
    const echo = await startEcho();
    const socket = await dialSocket(over, await before(echo.url));
    await messageOf(socket);
    const bytes = Buffer.from('Grüße an die Welt ☃ 𝄞'.repeat(20));
    const back = messageOf(socket);
    const pongs: string[] = [];
    socket.on('pong', (data) => pongs.push(data.toString()));
    for (let at = 0; at < bytes.length; at += 7) {
      socket.send(bytes.subarray(at, at + 7), { binary: false, fin: at + 7 >= bytes.length });
      if (at % 70 === 0) socket.ping(String(at));
    }
    expect(await back).toBe(bytes.toString());
    expect(pongs).toEqual(Array.from({ length: Math.ceil(bytes.length / 70) }, (_, i) => String(70 * i)));
  });

  test('that come a byte at a time', async () => {
    const echo = await startEcho();
    const socket = await dialSocket(over, await before(echo.url));
    await messageOf(socket);
    const back = messageOf(socket);
    for (const byte of frame(0x81, Buffer.from('slowly, but whole'))) {
      rawOf(socket).write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await back).toBe('slowly, but whole');
  });

  test('of ping are answered by the backend, of any length that they may have', async () => {
    const echo = await startEcho();
    const socket = await dialSocket(over, await before(echo.url));
    for (const length of [0, 1, 124, 125]) {
      const pong = new Promise((resolve) => socket.once('pong', resolve));
      socket.ping(Buffer.alloc(length, 0xfe));
      expect(await pong).toEqual(Buffer.alloc(length, 0xfe));
    }
  });

  test('pass both ways at once, many of them', async () => {
    const echo = await startEcho();
    const world = await before(echo.url);
    const count = 400;
    const message = Buffer.alloc(64 * 1024, 'm');
    const taken = (socket: WebSocket): Promise<number> => {
      let bytes = 0;
      return new Promise((resolve) => {
        socket.on('message', (data: Buffer, isBinary) => {
          if (isBinary) bytes += data.length;
          if (bytes === count * message.length) resolve(bytes);
        });
      });
    };
    const atServer = new Promise<number>((resolve) => {
      echo.server.removeAllListeners('connection');
      echo.server.once('connection', (socket) => {
        void taken(socket).then(resolve);
        for (let i = 0; i < count; i++) socket.send(message);
      });
    });
    const socket = await dialSocket(over, world);
    const atClient = taken(socket);
    for (let i = 0; i < count; i++) socket.send(message);
    expect(await Promise.all([atServer, atClient])).toEqual([count * message.length, count * message.length]);
  });

  test.for(CLOSE_CODES)('of close bring code %i and reason over, from either side', async (code) => {
    const echo = await startEcho();
    const world = await before(echo.url);
    for (const side of ['client', 'backend'] as const) {
      const connected = new Promise<WebSocket>((resolve) => echo.server.once('connection', resolve));
      const client = await dialSocket(over, world);
      const backend = await connected;
      const [from, to] = side === 'client' ? [client, backend] : [backend, client];
      const closed = new Promise((resolve) => to.once('close', (seen, reason) => resolve([seen, reason.toString()])));
      const echoed = closeOf(from);
      from.close(code, 'Schluß');
      expect(await closed).toEqual([code, 'Schluß']);
      expect(await echoed).toBe(code);
    }
  });

  test.for([
    ['with a reserved opcode', frame(0x83, Buffer.from('a')), 1002],
    ['with a reserved bit', frame(0xa1, Buffer.from('a')), 1002],
    ['without a mask', Buffer.from([0x81, 1, 0x61]), 1002],
    ['that go on where nothing began', frame(0x80, Buffer.from('a')), 1002],
    ['of control in fragments', frame(0x09, Buffer.from('a')), 1002],
    ['of control that are too long', Buffer.from([0x89, 0xfe, 0, 126]), 1002],
    ['that are not UTF-8', frame(0x81, Buffer.from([0xff])), 1007],
    ['of close with a code that is none', frame(0x88, Buffer.from([0x03, 0xed])), 1002],
  ] as const)('%s are refused by the backend, and the client learns how', async ([, bytes, code]) => {
    const echo = await startEcho();
    const socket = await dialSocket(over, await before(echo.url));
    await messageOf(socket);
    const closed = closeOf(socket);
    rawOf(socket).write(bytes);
    expect(await closed).toBe(code);
  });

  test('that are longer than the backend takes', async () => {
    const echo = await startEcho({ maxPayload: 1000 });
    const socket = await dialSocket(over, await before(echo.url));
    const closed = closeOf(socket);
    socket.send('x'.repeat(1001));
    expect(await closed).toBe(1009);
  });
});
