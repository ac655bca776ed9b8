// HTTP/2 frame by frame (RFC 9113), for what no client library would send and none would show.

import type tls from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { openTls } from './client.ts';
import type { World } from './world.ts';

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Names and values as byte strings. */
export type Fields = readonly (readonly [name: string, value: string])[];

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The whole frames at the start of the bytes, and what is left. */
export function takeFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length >= at + 9) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (bytes.length < end) break;
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
    frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** Each field as a literal that is not kept (RFC 7541, 6.2.2), so that no block depends on another. */
export function fieldBlock(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

export function setting(id: number, value: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id, 0);
  payload.writeUInt32BE(value, 2);
  return payload;
}

export function uint32(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value >>> 0, 0);
  return payload;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  const length: number[] = [Math.min(127, bytes.length)];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push(128 + (rest % 128));
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** The pseudo-header fields of a request for localhost. */
export function asking(method = 'GET', path = '/x', authority = 'localhost'): Fields {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':path', path],
    [':authority', authority],
  ];
}

/** A connection that has said its preface and empty settings, and keeps what comes back. */
export class FrameClient {
  readonly socket: TLSSocket;
  readonly frames: Frame[] = [];
  isClosed = false;
  #waiting: Buffer = Buffer.alloc(0);
  #wake = Promise.withResolvers<void>();

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.once('close', () => {
      this.isClosed = true;
      this.#wake.resolve();
    });
  }

  static async open(
    world: Pick<World, 'port' | 'ca'>,
    settings: Buffer = Buffer.alloc(0),
    options: tls.ConnectionOptions = {},
  ): Promise<FrameClient> {
    const client = new FrameClient(await openTls(world, { ALPNProtocols: ['h2'], ...options }));
    client.send(PREFACE, frame(SETTINGS, 0, 0, settings));
    return client;
  }

  send(...frames: readonly Buffer[]): boolean {
    return this.socket.writable && this.socket.write(Buffer.concat(frames));
  }

  /** Waits until the buffers between have room again, or the connection is over. */
  async sendSlowly(...frames: readonly Buffer[]): Promise<void> {
    if (!this.socket.writable) {
      await this.until(() => false);
      return;
    }
    await new Promise<void>((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.write(Buffer.concat(frames), () => resolve());
    });
  }

  /** Until the test holds, or the connection is over. */
  async until(test: () => boolean): Promise<void> {
    while (!this.isClosed && !test()) {
      this.#wake = Promise.withResolvers<void>();
      await this.#wake.promise;
    }
  }

  /** Until that stream has ended, by an answer or a reset, or the connection has. */
  async ended(stream: number): Promise<void> {
    await this.until(() => this.hasEnded(stream) || this.goAway !== undefined);
  }

  hasEnded(stream: number): boolean {
    return this.frames.some(
      (each) =>
        each.stream === stream &&
        (each.type === RST_STREAM ||
          ((each.type === DATA || each.type === HEADERS) && (each.flags & END_STREAM) !== 0)),
    );
  }

  /** The final status of a stream's answer. */
  status(stream: number): number | undefined {
    return this.frames
      .filter((each) => each.stream === stream && each.type === HEADERS)
      .map(({ payload }) => statusOf(payload))
      .find((status) => status >= 200);
  }

  /** The error code that a stream was reset with. */
  resetCode(stream: number): number | undefined {
    return this.frames.find((each) => each.stream === stream && each.type === RST_STREAM)?.payload.readUInt32BE(0);
  }

  /** The error code of GOAWAY. */
  get goAway(): number | undefined {
    return this.frames.findLast(({ type }) => type === GOAWAY)?.payload.readUInt32BE(4);
  }

  /** A round trip: everything sent before has been read. False when the connection is over. */
  async ping(mark = 1): Promise<boolean> {
    const payload = Buffer.alloc(8, mark);
    this.send(frame(PING, 0, 0, payload));
    const isAnswered = (): boolean =>
      this.frames.some(({ type, flags, payload: echoed }) => type === PING && flags === ACK && echoed.equals(payload));
    await this.until(() => isAnswered() || this.goAway !== undefined);
    return isAnswered();
  }

  close(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    const { frames, rest } = takeFrames(Buffer.concat([this.#waiting, chunk]));
    this.frames.push(...frames);
    this.#waiting = rest;
    this.#wake.resolve();
  }
}

/** Indexed ones of the static table (RFC 7541, A), from entry 8 on. */
const STATUSES = [200, 204, 206, 304, 400, 404, 500];
/** Huffman codes of the digits (RFC 7541, B), as bits. */
const DIGITS = ['00000', '00001', '00010', '011001', '011010', '011011', '011100', '011101', '011110', '011111'];

/** `:status` stands in front of every answer. */
function statusOf(block: Buffer): number {
  const first = block[0] as number;
  if ((first & 0x80) !== 0) return STATUSES[(first & 0x7f) - 8] ?? Number.NaN;
  const length = (block[1] as number) & 0x7f;
  const bytes = block.subarray(2, 2 + length);
  return Number(((block[1] as number) & 0x80) === 0 ? bytes.toString() : huffmanDigits(bytes));
}

function huffmanDigits(bytes: Buffer): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  let digits = '';
  while (digits.length < 3) {
    const digit = DIGITS.findIndex((code) => bits.startsWith(code));
    if (digit === -1) return 'NaN';
    digits += digit;
    bits = bits.slice((DIGITS[digit] as string).length);
  }
  return digits;
}
