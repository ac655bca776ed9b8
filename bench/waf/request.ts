// A request as all sides get it, and the file in which it reaches them: numbers are 32 bits, little-endian; a text is
// its length, its bytes and a zero. File: how many requests; each: method, target, how many headers, name and value
// of each, body.
import { Buffer } from 'node:buffer';

export interface BenchRequest {
  readonly method: string;
  /** Path and query as on the request line; one character is one byte. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export function encodeRequests(requests: readonly BenchRequest[]): Buffer {
  const parts: Buffer[] = [number(requests.length)];
  for (const { method, target, headers, body } of requests) {
    parts.push(...text(method), ...text(target), number(headers.length));
    for (const [name, value] of headers) parts.push(...text(name), ...text(value));
    parts.push(...text(body));
  }
  return Buffer.concat(parts);
}

/**
 * Reads requests one after the other, and again from the beginning after the last. Each time the strings are new ones,
 * as from a socket: an engine must not gain from a string object that it has seen before.
 */
export class RequestReader {
  readonly #bytes: Buffer;
  readonly count: number;
  #at = 4;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.count = bytes.readUInt32LE(0);
  }

  rewind(): void {
    this.#at = 4;
  }

  next(): BenchRequest {
    if (this.#at >= this.#bytes.length) this.rewind();
    const method = this.#text().toString('latin1');
    const target = this.#text().toString('latin1');
    const headers: [string, string][] = [];
    for (let left = this.#number(); left > 0; left--) {
      headers.push([this.#text().toString('latin1'), this.#text().toString('latin1')]);
    }
    return { method, target, headers, body: this.#text() };
  }

  #number(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  #text(): Buffer {
    const length = this.#number();
    const start = this.#at;
    this.#at = start + length + 1;
    return this.#bytes.subarray(start, start + length);
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function text(value: string | Buffer): Buffer[] {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  return [number(bytes.length), bytes, ZERO];
}

const ZERO = Buffer.alloc(1);
