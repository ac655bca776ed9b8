// How long a server that speaks HTTP/2 has for the head of its answer.
import { expect, test } from 'vitest';
import { startFrameBackend } from '../support/frame-backend.ts';
import { CONTINUATION, END_HEADERS, frame, HEADERS } from '../support/frames.ts';
import { ask, groupOf } from './group.ts';

/** `:status: 103` and `:status: 200`, with and without an index (RFC 7541, 6). */
const EARLY_HINTS = Buffer.concat([Buffer.from([0x08, 0x03]), Buffer.from('103')]);
const STATUS_200 = Buffer.from([0x88]);

test.for([
  ['a head in many frames', [HEADERS, 0, STATUS_200], [CONTINUATION, 0, Buffer.alloc(0)]],
  ['interim answers', [HEADERS, END_HEADERS, EARLY_HINTS], [HEADERS, END_HEADERS, EARLY_HINTS]],
] as const)('%s that drip give it no further time', async ([, first, more]) => {
  const server = await startFrameBackend(({ stream, socket }) => {
    const write = ([type, flags, payload]: typeof first | typeof more): void => {
      socket.write(frame(type, flags, stream, payload));
    };
    write(first);
    const drip = setInterval(() => write(more), 20);
    socket.once('close', () => clearInterval(drip));
  });
  const upstream = groupOf(`{ protocol: h2, servers: ["${server.url}"], retries: false }`, { timeoutMs: 80 });
  await expect(ask(upstream)).rejects.toMatchObject({ code: 'upstream_timeout', status: 504 });
});
