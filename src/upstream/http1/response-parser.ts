// The bytes of one connection's answers, read into events (RFC 9112): pulled by the caller, so that it
// can stop at any of them, and resumable at any byte. As strict as llhttp and stricter; see `readFraming`.
import { GatehouseError } from '../../base/errors.ts';
import { removeHeader } from '../../http/headers.ts';
import { BlockReader, INCOMPLETE, TOO_LONG } from './block.ts';
import { CHUNK_DATA, CHUNK_END, CHUNK_MORE, ChunkedDecoder } from './chunked.ts';
import { isStatusLinePart, ResponseHead, readHead } from './head.ts';
import { PARSER_LIMITS, type ParserLimits } from './limits.ts';

/** Everything that was fed is read. */
export const MORE = 0;
/** An interim answer (1xx): `head`. */
export const INFORMATIONAL = 1;
/** The head of the final answer: `head`. */
export const HEAD = 2;
/** Bytes of the body: `input` from `from` to `to`. */
export const DATA = 3;
/** The answer is complete: `trailers`. */
export const END = 4;
/** 101, asked for: `head`; what follows is no longer HTTP. */
export const UPGRADED = 5;
/** Nothing further can be read: `error`. */
export const FAILED = 6;

const AT_HEAD = 0;
const AT_COUNTED = 1;
const AT_CHUNKED = 2;
const AT_UNTIL_CLOSE = 3;
/** The body is over, and its end is still to be told. */
const AT_LAST = 4;
const AT_REST = 5;

const NO_BYTES = Buffer.alloc(0);
const NO_FIELDS: readonly string[] = [];

export class ResponseParser {
  head: ResponseHead = new ResponseHead();
  trailers: readonly string[] = NO_FIELDS;
  error: GatehouseError | undefined;
  input: Buffer = NO_BYTES;
  from = 0;
  to = 0;
  readonly #limits: ParserLimits;
  readonly #block = new BlockReader();
  readonly #chunks: ChunkedDecoder;
  #position = 0;
  #state = AT_REST;
  #remaining = 0;
  #interim = 0;
  /** An interim answer said the end of the connection, or a length: no further answer is believed here. */
  #isLast = false;
  #isHeadRequest = false;
  #mayUpgrade = false;

  constructor(limits: ParserLimits = PARSER_LIMITS) {
    this.#limits = limits;
    this.#chunks = new ChunkedDecoder(limits);
  }

  /** Awaits the answer to a request of that method; `mayUpgrade`: 101 was asked for (RFC 9110, 15.2.2). */
  begin(method: string, mayUpgrade: boolean): void {
    this.#state = AT_HEAD;
    this.#interim = 0;
    this.#isLast = false;
    this.#isHeadRequest = method === 'HEAD';
    this.#mayUpgrade = mayUpgrade;
    this.trailers = NO_FIELDS;
    this.error = undefined;
  }

  /** Gives the next bytes; only after `next` has answered MORE. */
  feed(chunk: Buffer): void {
    this.input = chunk;
    this.#position = 0;
  }

  /** Bytes after the end of the answer, a view: response queue poisoning, or after UPGRADED the other protocol's. */
  get rest(): Buffer {
    return this.input.subarray(this.#position);
  }

  get hasRest(): boolean {
    return this.#position < this.input.length;
  }

  /** Lets go of the last input, so that an idle connection holds no memory. */
  release(): void {
    this.input = NO_BYTES;
    this.#position = 0;
    this.#block.release();
    this.#chunks.reset();
  }

  /** Reads on to the next event. */
  next(): number {
    if (this.#state === AT_LAST) return this.#end();
    if (this.#position >= this.input.length) return MORE;
    switch (this.#state) {
      case AT_HEAD:
        return this.#readHead();
      case AT_COUNTED:
        return this.#readCounted();
      case AT_CHUNKED:
        return this.#readChunked();
      case AT_UNTIL_CLOSE:
        return this.#data(this.input.length);
      default:
        return MORE;
    }
  }

  /** Whether the body has no other end than that of the connection. */
  get endsByClose(): boolean {
    return this.#state === AT_UNTIL_CLOSE;
  }

  /** The peer has closed its side, cleanly. Answers END, FAILED, or MORE when no answer was under way. */
  finish(): number {
    if (this.#state === AT_UNTIL_CLOSE) return this.#end();
    if (this.#state >= AT_LAST) return MORE;
    const place =
      this.#state === AT_HEAD ? 'before the end of its answer’s head' : 'in the middle of its answer’s body';
    return this.#fail(new GatehouseError('upstream_closed', 'upstream', `the backend closed the connection ${place}`));
  }

  #readHead(): number {
    const { maxHeadBytes, maxFields } = this.#limits;
    const position = this.#block.take(this.input, this.#position, maxHeadBytes);
    if (position === INCOMPLETE)
      return isStatusLinePart(this.#block.part) ? this.#wait() : this.#refuse('no status line');
    if (position === TOO_LONG) return this.#refuse(`a head of more than ${maxHeadBytes} bytes`);
    if (position < 0) return this.#refuse('a malformed head');
    this.#position = position;
    const { bytes, start, end } = this.#block;
    const head = readHead(bytes, start, end, maxFields);
    this.#block.release();
    if (typeof head === 'string') return this.#refuse(head);
    this.head = head;
    return head.status < 200 ? this.#interimHead(head) : this.#finalHead(head);
  }

  #interimHead(head: ResponseHead): number {
    // It has no content, whatever it says (RFC 9112, 6.3): bytes of one would have to be a status line, and fail there.
    const isCounted = (head.contentLength ?? 0) > 0;
    if (head.isChunked || (isCounted && head.status === 101)) return this.#refuse('an interim answer with a body');
    removeHeader(head.headers, 'content-length');
    if (head.status === 101) {
      if (!this.#mayUpgrade) return this.#refuse('101 without having been asked to switch protocols');
      this.#state = AT_REST;
      return UPGRADED;
    }
    if (head.minor === 0) return this.#refuse('an interim answer of HTTP/1.0');
    if (isCounted || !head.isKeptAlive) this.#isLast = true;
    this.#interim += 1;
    if (this.#interim > this.#limits.maxInterim) return this.#refuse('too many interim answers');
    return INFORMATIONAL;
  }

  /** RFC 9112, 6.3. */
  #finalHead(head: ResponseHead): number {
    if (this.#isLast) head.isKeptAlive = false;
    if (head.status === 204) {
      // RFC 9110, 8.6: these fields may not be here. A backend that sends them may send a body too, so nothing may follow.
      if (head.isChunked || (head.contentLength ?? 0) > 0) head.isKeptAlive = false;
      removeHeader(head.headers, 'content-length');
      this.#state = AT_LAST;
    } else if (this.#isHeadRequest || head.status === 304) {
      this.#state = AT_LAST;
    } else if (head.isChunked) {
      this.#chunks.reset();
      this.#state = AT_CHUNKED;
    } else if (head.contentLength !== undefined) {
      this.#remaining = head.contentLength;
      this.#state = this.#remaining === 0 ? AT_LAST : AT_COUNTED;
    } else {
      head.isKeptAlive = false;
      this.#state = AT_UNTIL_CLOSE;
    }
    return HEAD;
  }

  #readCounted(): number {
    const to = Math.min(this.input.length, this.#position + this.#remaining);
    this.#remaining -= to - this.#position;
    if (this.#remaining === 0) this.#state = AT_LAST;
    return this.#data(to);
  }

  #data(to: number): number {
    this.from = this.#position;
    this.to = to;
    this.#position = to;
    return DATA;
  }

  #readChunked(): number {
    const chunks = this.#chunks;
    const event = chunks.next(this.input, this.#position);
    this.#position = chunks.position;
    if (event === CHUNK_MORE) return MORE;
    if (event === CHUNK_DATA) {
      this.from = chunks.from;
      this.to = chunks.to;
      return DATA;
    }
    if (event !== CHUNK_END) return this.#refuse(chunks.fault);
    this.trailers = chunks.trailers;
    return this.#end();
  }

  #wait(): number {
    this.#position = this.input.length;
    return MORE;
  }

  #end(): number {
    this.#state = AT_REST;
    return END;
  }

  #refuse(what: string): number {
    return this.#fail(new GatehouseError('upstream_protocol', 'upstream', `the backend's answer has ${what}`));
  }

  #fail(error: GatehouseError): number {
    this.#state = AT_REST;
    this.error = error;
    this.release();
    return FAILED;
  }
}
