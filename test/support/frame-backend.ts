// An HTTP/2 backend (h2c) whose frames a test writes itself: cut answers, refusals, late settings.
import type { Socket } from 'node:net';
import { type Backend, startRawBackend } from './backend.ts';
import { ACK, DATA, END_HEADERS, END_STREAM, frame, HEADERS, PING, PREFACE, SETTINGS, takeFrames } from './frames.ts';

/** One request as it has come. */
export interface Asked {
  readonly stream: number;
  readonly body: string;
  readonly socket: Socket;
  /** From 1 on. */
  readonly connection: number;
}

export interface FrameBackendOptions {
  /** Payload of the first SETTINGS; false: none are sent. */
  readonly settings?: Buffer | false;
  /** A PING of the test's is answered: what was sent before it has been read. */
  readonly onPong?: (socket: Socket) => void;
}

/** `onRequest` comes with each request that is whole. */
export async function startFrameBackend(
  onRequest: (asked: Asked) => void,
  { settings = Buffer.alloc(0), onPong }: FrameBackendOptions = {},
): Promise<Backend> {
  const backend = await startRawBackend((socket) => {
    const connection = backend.connections.count;
    const bodies = new Map<number, string>();
    let waiting: Buffer = Buffer.alloc(0);
    let hasPreface = false;
    if (settings !== false) socket.write(frame(SETTINGS, 0, 0, settings));
    socket.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      if (!hasPreface && waiting.length < PREFACE.length) return;
      if (!hasPreface) {
        waiting = waiting.subarray(PREFACE.length);
        hasPreface = true;
      }
      const { frames, rest } = takeFrames(waiting);
      waiting = rest;
      for (const { type, flags, stream, payload } of frames) {
        if (type === SETTINGS && (flags & ACK) === 0) socket.write(frame(SETTINGS, ACK, 0));
        else if (type === PING && (flags & ACK) !== 0) onPong?.(socket);
        else if (type === HEADERS || type === DATA) {
          const body = (bodies.get(stream) ?? '') + (type === DATA ? payload.toString() : '');
          bodies.set(stream, body);
          if ((flags & END_STREAM) !== 0) onRequest({ stream, body, socket, connection });
        }
      }
    });
  });
  return backend;
}

/** `:status: 200`, indexed (RFC 7541, A). */
const STATUS_200 = Buffer.from([0x88]);

/** The head of an answer, 200; `flags` as END_STREAM. */
export function head(stream: number, more: Buffer = Buffer.alloc(0), flags = 0): Buffer {
  return frame(HEADERS, END_HEADERS | flags, stream, Buffer.concat([STATUS_200, more]));
}

/** A whole answer. */
export function answer(stream: number, text: string): Buffer {
  return Buffer.concat([head(stream), frame(DATA, END_STREAM, stream, Buffer.from(text))]);
}
