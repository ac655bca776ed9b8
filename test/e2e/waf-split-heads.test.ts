import tls from 'node:tls';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { startGuarded } from '../support/guarded.ts';

const RULES = `SecRule REQUEST_URI "@contains attack" "id:1,phase:1,pass,log,msg:'%{REQUEST_METHOD} %{REQUEST_URI} %{REQUEST_PROTOCOL}'"
SecRule REQUEST_HEADERS_NAMES "@rx ^X-Evil$" "id:2,phase:1,pass,log"`;

/** Sends one piece after the other, each when the gateway has taken the one before; resolves with what comes back. */
function send(port: number, pieces: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
  let answer = '';
  socket.setNoDelay(true);
  socket.once('error', reject);
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  socket.once('close', () => resolve(answer));
  socket.once('secureConnect', () => {
    const next = (i: number): void => {
      const piece = pieces[i];
      // A record of TLS for each piece, so that the parser is given each by itself.
      if (piece !== undefined) socket.write(piece, 'latin1', () => setImmediate(next, i + 1));
    };
    next(0);
  });
  return promise;
}

test('a head that is refused in one piece is shown to the rules as it was sent', async () => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  expect(await send(world.port, ['GET /attack HTTP/0.9\r\nHost: localhost\r\nX-Evil: 1\r\n\r\n'])).toMatch(/ 505 /);
  const [record] = await world.wafRecords(1);
  expect(record).toMatchObject({
    rules: [
      { id: 1, msg: 'GET /attack HTTP/0.9' },
      { id: 2, target: 'REQUEST_HEADERS_NAMES:X-Evil' },
    ],
  });
});

test('what a client puts at the beginning of a later packet is never taken for a request', async () => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  const forged = 'GET /attack HTTP/1.1\r\nHost: forged.test\r\nX:\0\r\n\r\n';
  expect(await send(world.port, ['GET /real HTTP/1.1\r\nHost: localhost\r\nX-A: b', forged])).toMatch(/ 400 /);
  const [access] = await world.accessRecords(1);
  expect(access).toMatchObject({ status: 400 });
  expect(JSON.stringify(access)).not.toContain('forged');
  expect(access?.waf).toBeUndefined();
});
