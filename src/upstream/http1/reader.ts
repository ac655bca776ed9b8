// Makes replies out of the parser's events: whole when head and body come in one read, else with a
// body that flows. Knows nothing of sockets; the connection feeds it and acts on what it answers.
import type { GatehouseError } from '../../base/errors.ts';
import { headerValue } from '../../http/headers.ts';
import type { Reply } from '../../http/reply.ts';
import type { Call } from '../call.ts';
import { Gather } from './gather.ts';
import type { ResponseHead } from './head.ts';
import type { ParserLimits } from './limits.ts';
import { type ReadFlow, ResponseBody } from './response-body.ts';
import { DATA, END, HEAD, INFORMATIONAL, MORE, ResponseParser, UPGRADED } from './response-parser.ts';

/** More bytes are needed. */
export const WAITING = 0;
/** `reply` is there, and its body is still coming. */
export const ANSWERED = 1;
/** The answer is complete; `reply` is there if it was not before. */
export const COMPLETE = 2;
/** 101, asked for: `head` and `rest`. */
export const SWITCHED = 3;
/** The answer breaks off: `error`. */
export const BROKEN = 4;

export class ResponseReader {
  reply: Reply | undefined;
  body: ResponseBody | undefined;
  /** Silence is this body's nature: an event stream says something when there is something to say. */
  isEventStream = false;
  readonly #parser: ResponseParser;
  readonly #flow: ReadFlow;
  readonly #isShared: boolean;
  readonly #gather = new Gather();
  #call: Call | undefined;
  #hasHead = false;

  /** `isShared`: the bytes of a read are valid only until `read` returns. */
  constructor(limits: ParserLimits, flow: ReadFlow, isShared: boolean) {
    this.#parser = new ResponseParser(limits);
    this.#flow = flow;
    this.#isShared = isShared;
  }

  get head(): ResponseHead {
    return this.#parser.head;
  }

  get error(): GatehouseError | undefined {
    return this.#parser.error;
  }

  /** Bytes beyond the answer, a view. */
  get rest(): Buffer {
    return this.#parser.rest;
  }

  get hasRest(): boolean {
    return this.#parser.hasRest;
  }

  get trailers(): readonly string[] {
    return this.#parser.trailers;
  }

  begin(call: Call, mayUpgrade: boolean): void {
    this.#call = call;
    this.#parser.begin(call.method, mayUpgrade);
  }

  /** Forgets the answer, whole or not. */
  clear(): void {
    this.reply = undefined;
    this.body = undefined;
    this.isEventStream = false;
    this.#hasHead = false;
    this.#call = undefined;
    this.#parser.release();
  }

  read(chunk: Buffer): number {
    const parser = this.#parser;
    parser.feed(chunk);
    for (;;) {
      switch (parser.next()) {
        case MORE:
          return this.#pass();
        case INFORMATIONAL:
          // 100 answers an expectation that this hop has (RFC 9110, 15.2.1); unasked it means nothing.
          if (parser.head.status !== 100) this.#call?.onInformational?.(parser.head.status, parser.head.headers);
          break;
        case HEAD:
          this.#hasHead = true;
          break;
        case DATA:
          this.#gather.add(parser.input, parser.from, parser.to);
          break;
        case END:
          return this.#complete();
        case UPGRADED:
          return SWITCHED;
        default:
          return BROKEN;
      }
    }
  }

  /** The peer has closed its side, cleanly. */
  finish(): number {
    return this.#parser.finish() === END ? this.#complete() : BROKEN;
  }

  /** The read is over and the answer is not. */
  #pass(): number {
    if (this.#hasHead && this.reply === undefined) {
      const { status, headers, contentLength } = this.#parser.head;
      this.body = new ResponseBody(contentLength, this.#flow);
      this.reply = { status, headers, body: this.body };
      if (this.#parser.endsByClose) this.reply.endsByClose = true;
      this.isEventStream = headerValue(headers, 'content-type')?.toLowerCase().startsWith('text/event-stream') ?? false;
      this.#push();
      return ANSWERED;
    }
    this.#push();
    return WAITING;
  }

  #push(): void {
    const gather = this.#gather;
    if (gather.isEmpty) return;
    const piece = gather.lend(this.#isShared);
    this.body?.push(piece, gather.release);
  }

  #complete(): number {
    if (this.reply !== undefined) {
      this.#push();
      return COMPLETE;
    }
    const { status, headers } = this.#parser.head;
    const { trailers } = this.#parser;
    // A copy: a body kept for long (in the cache) would keep the whole read alive.
    const body = this.#gather.isEmpty ? undefined : this.#gather.take(true);
    this.reply = { status, headers, body };
    if (trailers.length > 0) {
      this.reply.body ??= new Uint8Array(0);
      this.reply.trailers = trailers;
    }
    return COMPLETE;
  }
}
