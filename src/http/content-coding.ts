// Takes a Content-Encoding off (RFC 9110, 8.4.1) so that what stands in a body can be looked at. Bounded: a small body
// that unpacks to a huge one costs no more than the bound.
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';

/** Why a body cannot be looked at: a coding that nobody here knows, a body that is not what it says, or too much of it. */
export type CodingFault = 'unknown' | 'broken' | 'too-large';

/** Codings that one body may be wrapped in. */
const MAX_CODINGS = 3;

/** The body without its codings, at most `maxBytes`. A body that is only a beginning gives the beginning of what it holds. */
export function decodeContent(bytes: Buffer, encoding: string, maxBytes: number): Buffer | CodingFault {
  const names = encoding.split(',').map((name) => name.trim().toLowerCase());
  if (names.length > MAX_CODINGS) return 'unknown';
  let decoded = bytes;
  for (const name of names.reverse()) {
    const unpack = CODINGS.get(name);
    if (unpack === undefined) return 'unknown';
    try {
      decoded = unpack(decoded, maxBytes);
    } catch (error) {
      return isTooLarge(error) ? 'too-large' : 'broken';
    }
  }
  return decoded;
}

type Unpack = (bytes: Buffer, maxOutputLength: number) => Buffer;

// What comes last may be missing: the body is perhaps only a beginning.
const gunzip: Unpack = (bytes, maxOutputLength) =>
  gunzipSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });

const CODINGS: ReadonlyMap<string, Unpack> = new Map<string, Unpack>([
  ['identity', (bytes) => bytes],
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflateEither],
  [
    'br',
    (bytes, maxOutputLength) =>
      brotliDecompressSync(bytes, { maxOutputLength, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  ],
  [
    'zstd',
    (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength, finishFlush: constants.ZSTD_e_flush }),
  ],
]);

/** With the zlib header, as the standard says, or without, as some senders do. */
function inflateEither(bytes: Buffer, maxOutputLength: number): Buffer {
  const options = { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    return inflateSync(bytes, options);
  } catch (error) {
    if (isTooLarge(error)) throw error;
    return inflateRawSync(bytes, options);
  }
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}
