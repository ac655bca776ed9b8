// A gateway that stops tells WebSockets so, between two frames, and does not wait for them to end by themselves.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type WebSocket from 'ws';
import { describeProtocols } from '../support/client.ts';
import { closeOf, dialSocket, messageOf, startEcho } from '../support/websocket.ts';
import { startGateway } from '../support/world.ts';

const site = (url: string): string => `sites: { localhost: { to: "${url}" } }`;

describeProtocols('when the gateway stops', (over) => {
  test('client and backend get 1001, and it has stopped', async () => {
    const echo = await startEcho();
    const world = await startGateway(site(echo.url));
    const connected = once(echo.server, 'connection');
    const socket = await dialSocket(over, world);
    await messageOf(socket);
    const [backend] = (await connected) as [WebSocket];
    const closed = [closeOf(socket), closeOf(backend)];
    await world.gateway.stop(60_000);
    expect(await Promise.all(closed)).toEqual([1001, 1001]);
  });

  test('a message that is half said is said to its end first', async () => {
    const echo = await startEcho();
    const world = await startGateway(site(echo.url));
    const connected = once(echo.server, 'connection');
    const socket = await dialSocket(over, world);
    await messageOf(socket);
    const [, { socket: backend }] = (await connected) as [WebSocket, IncomingMessage];
    // A whole message and the begin of another in one piece: who has the one has the other.
    const before = messageOf(socket);
    backend.write(Buffer.concat([frame('before'), frame('0123456789').subarray(0, 6)]));
    await before;
    const message = messageOf(socket);
    const closed = closeOf(socket);
    const stopped = world.gateway.stop(60_000);
    backend.write('456789');
    expect(await message).toBe('0123456789');
    expect(await closed).toBe(1001);
    await stopped;
  });
});

/** A short text as a server sends it. */
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
}
