// Takes a Content-Encoding off (RFC 9110, 8.4.1) so that what stands in a body can be looked at. Bounded: a small body
// that unpacks to a huge one costs no more than the bound.
import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

export interface Decoded {
  /** At most the bound. */
  readonly bytes: Buffer;
  /** There is more of it. */
  readonly isPrefix: boolean;
}

/** Why a body cannot be looked at: a coding that nobody here knows, or a body that is not what it says. */
export type CodingFault = 'unknown' | 'broken';

/** Codings that one body may be wrapped in. */
const MAX_CODINGS = 3;

/** The body without its codings, as far as the bound. A body that is only a beginning gives the beginning of what it holds. */
export async function decodeContent(body: Decoded, encoding: string, maxBytes: number): Promise<Decoded | CodingFault> {
  const names = encoding.split(',').map((name) => name.trim().toLowerCase());
  if (names.length > MAX_CODINGS) return 'unknown';
  let decoded = body;
  for (const name of names.reverse()) {
    if (name === 'identity' || decoded.bytes.length === 0) continue;
    const unpackers = CODINGS.get(name);
    if (unpackers === undefined) return 'unknown';
    const next = await firstThatWorks(unpackers, decoded, maxBytes);
    if (next === undefined) return 'broken';
    decoded = next;
  }
  return decoded;
}

type Unpacker = () => Transform;

// What comes last may be missing: the body is perhaps only a beginning.
const LENIENT = { finishFlush: constants.Z_SYNC_FLUSH };
const gunzip: readonly Unpacker[] = [() => createGunzip(LENIENT)];

const CODINGS: ReadonlyMap<string, readonly Unpacker[]> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  // With the zlib header, as the standard says, or without, as some senders do.
  ['deflate', [() => createInflate(LENIENT), () => createInflateRaw(LENIENT)]],
  ['br', [() => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH })]],
  ['zstd', [() => createZstdDecompress({ finishFlush: constants.ZSTD_e_flush })]],
]);

async function firstThatWorks(
  unpackers: readonly Unpacker[],
  body: Decoded,
  maxBytes: number,
): Promise<Decoded | undefined> {
  for (const unpacker of unpackers) {
    try {
      return await unpack(unpacker(), body, maxBytes);
    } catch {
      // The next one may know better.
    }
  }
  return undefined;
}

async function unpack(stream: Transform, { bytes, isPrefix }: Decoded, maxBytes: number): Promise<Decoded> {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.end(bytes);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop destroys the stream: the rest is never unpacked.
    if (size > maxBytes) return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isPrefix: true };
  }
  return { bytes: Buffer.concat(chunks), isPrefix };
}
