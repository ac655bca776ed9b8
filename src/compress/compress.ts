// Answers in fewer bytes, for clients that say they take them so (RFC 9110, 8.4): the last change before an answer is sent.
// Never of what is encoded already, may not be changed, or is too small or too large to be worth it.
import type { CompressConfig } from '../config/model/sites.ts';
import { acceptedCodings } from '../http/accepted-codings.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Headers } from '../http/headers.ts';
import { headerList, headerValue, removeHeader, setHeader, words } from '../http/headers.ts';
import { isWhole, type Reply } from '../http/reply.ts';
import { EncodedBody } from './encoded-body.ts';
import { type Coding, ENCODERS } from './encoders.ts';

/** Their bodies are parts, none, or somebody else's. */
const NEVER = new Set([101, 204, 205, 206, 304]);
/** They speak of the bytes as they are. */
const OF_THE_BYTES = words('content-encoding content-md5 digest content-digest repr-digest content-range');

export class Compressor {
  readonly #config: CompressConfig;
  readonly #types: readonly ((type: string) => boolean)[];
  /** How many answers are being encoded now. */
  #active = 0;

  constructor(config: CompressConfig) {
    this.#config = config;
    this.#types = config.types.map(matcherOf);
  }

  /** The same reply, changed in place where it may be. */
  apply(x: Exchange, reply: Reply): Reply | Promise<Reply> {
    if (reply.status === 304) return likeWhole(x, reply);
    if (!this.#isFit(reply, x.request.method === 'HEAD')) return reply;
    addVary(reply.headers);
    const coding = this.#choose(headerList(x.request.headers, 'accept-encoding'));
    if (coding === undefined || this.#active >= this.#config.maxActive) return reply;
    const { body } = reply;
    // HEAD is told what GET would be, but for the length, which nobody knows yet.
    if (body === undefined || x.request.method === 'HEAD') {
      mark(reply.headers, coding);
      return reply;
    }
    if (isWhole(body)) return this.#whole(reply, body, coding);
    this.#active++;
    mark(reply.headers, coding);
    reply.body = new EncodedBody(body, ENCODERS[coding].stream(), () => this.#active--);
    return reply;
  }

  /** What is stored is encoded once and kept beside it. */
  async #whole(reply: Reply, body: Uint8Array, coding: Coding): Promise<Reply> {
    const encode = async (): Promise<Buffer> => {
      this.#active++;
      try {
        return await ENCODERS[coding].whole(body);
      } finally {
        this.#active--;
      }
    };
    const encoded = await (reply.codings === undefined ? encode() : reply.codings.get(coding, encode));
    mark(reply.headers, coding);
    setHeader(reply.headers, 'content-length', String(encoded.length));
    reply.body = encoded;
    return reply;
  }

  #isFit({ status, headers, body, tunnel, trailers }: Reply, isHead: boolean): boolean {
    if (NEVER.has(status) || tunnel !== undefined || trailers !== undefined) return false;
    let type = '';
    let length = isWhole(body) ? body.length : undefined;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = headers[i + 1] as string;
      if (name === 'content-type') type = value;
      else if (name === 'content-length') length = Number(value);
      else if (name === 'cache-control' && /\bno-transform\b/i.test(value)) return false;
      else if (OF_THE_BYTES.has(name)) return false;
    }
    const { minBytes, maxBytes } = this.#config;
    if (length === undefined ? body === undefined && !isHead : length < minBytes || length > maxBytes) return false;
    const plain = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    return this.#types.some((matches) => matches(plain));
  }

  /** What the client takes most gladly; what is equal to it is chosen in the order of the configuration. */
  #choose(field: string | undefined): Coding | undefined {
    if (field === undefined) return undefined;
    const quality = acceptedCodings(field);
    let best: Coding | undefined;
    let most = 0;
    for (const coding of this.#config.encodings) {
      const wanted = quality(coding);
      if (wanted > most) [best, most] = [coding, wanted];
    }
    // Who names the plain answer and wants it more gets it.
    return /\bidentity\b/i.test(field) && quality('identity') > most ? undefined : best;
  }
}

/**
 * What a 304 says takes the place of what the client has (RFC 9110, 15.4.5): who has encoded bytes, under their weak ETag, would have
 * the strong one of the plain bytes from then on, and add ranges of these to them.
 */
function likeWhole({ request }: Exchange, reply: Reply): Reply {
  const etag = headerValue(reply.headers, 'etag');
  addVary(reply.headers);
  if (etag?.startsWith('"') && headerList(request.headers, 'if-none-match')?.includes(`W/${etag}`))
    setHeader(reply.headers, 'etag', `W/${etag}`);
  return reply;
}

/** Other bytes: the strong validator of the plain ones is none of these, and ranges of them cannot be asked for. */
function mark(headers: Headers, coding: Coding): void {
  const etag = headerValue(headers, 'etag');
  if (etag !== undefined && !etag.startsWith('W/')) setHeader(headers, 'etag', `W/${etag}`);
  removeHeader(headers, 'content-length');
  removeHeader(headers, 'accept-ranges');
  headers.push('content-encoding', coding);
}

function addVary(headers: Headers): void {
  const vary = headerList(headers, 'vary');
  if (vary === undefined || !/(?:^|,)\s*(?:accept-encoding|\*)\s*(?:,|$)/i.test(vary)) {
    headers.push('vary', 'accept-encoding');
  }
}

/** `*` stands for any part. Streams of events come bit by bit for hours: who wants them compressed says so. */
function matcherOf(pattern: string): (type: string) => boolean {
  if (!pattern.includes('*')) return (type) => type === pattern;
  const form = new RegExp(
    `^${pattern
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('[^/]*')}$`,
  );
  return (type) => type !== 'text/event-stream' && form.test(type);
}
