// The codings in which answers are sent, quick enough to be made while somebody waits.
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  zstdCompress,
} from 'node:zlib';

export type Coding = 'zstd' | 'br' | 'gzip';

export interface Encoder {
  /** Of a body that is still coming; `flush` hands on what it holds back. */
  stream(): Transform & { flush(): void };
  whole(body: Uint8Array): Promise<Buffer>;
}

// Windows of 256 KiB at most: what many streams hold at once must be bounded.
const BROTLI = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_LGWIN]: 18,
  },
};
const ZSTD = {
  params: {
    [constants.ZSTD_c_compressionLevel]: 3,
    [constants.ZSTD_c_windowLog]: 18,
  },
};
const GZIP = { level: 5 };

export const ENCODERS: Readonly<Record<Coding, Encoder>> = {
  zstd: {
    stream: () => createZstdCompress(ZSTD),
    whole: (body) => promisify(zstdCompress)(body, ZSTD),
  },
  br: {
    stream: () => createBrotliCompress(BROTLI),
    whole: (body) => promisify(brotliCompress)(body, BROTLI),
  },
  gzip: {
    stream: () => createGzip(GZIP),
    whole: (body) => promisify(gzip)(body, GZIP),
  },
};
