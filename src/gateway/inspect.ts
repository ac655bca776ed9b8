// One exchange under the eyes of the rules: feeds the engine phase by phase, and turns what it decides into answers.
// A failure of the engine itself is an answer too (fails closed), unless the site says `onError: pass`.
import { GatehouseError } from '../base/errors.ts';
import type { BodySource } from '../http/body.ts';
import type { ClientStream } from '../http/client-stream.ts';
import type { CodingFault } from '../http/content-coding.ts';
import { errorReply } from '../http/error-page.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Gathered, GatheredBody } from '../http/gathered-body.ts';
import type { Reply } from '../http/reply.ts';
import { isWhole } from '../http/reply.ts';
import type { Records } from '../observe/records.ts';
import type { Inspection } from '../waf/engine.ts';
import type { Intervention, Outcome } from '../waf/finding.ts';
import type { RequestHead } from '../waf/request.ts';
import { noteAftermath, type Seen } from './aftermath.ts';
import { exemptionFor } from './exceptions.ts';
import type { Guard, Watch } from './guard.ts';
import { decoded, EMPTY, gatherResponse, isInspectedType } from './inspected-body.ts';
import { MessageWatch } from './message-watch.ts';
import { headOf } from './rules-head.ts';

export class RulesWatch implements Watch {
  readonly #x: Exchange;
  readonly #guard: Guard;
  readonly #records: Records;
  readonly #stream: ClientStream | undefined;
  readonly #inspection: Inspection;
  /** What was found in a message of a gRPC call, all of the head with it. */
  #ofMessage: Outcome | undefined;
  /** The engine could not go on; what it found until then still counts. */
  #hasFailed = false;
  /** The exchange ended here, by a rule or without one. */
  #isRefused = false;
  #requestBody: Buffer = EMPTY;
  #isPrefix = false;
  #head: RequestHead | undefined;
  #response: Seen['response'];

  /** The record of what the rules found is written when the exchange ends. */
  constructor(x: Exchange, guard: Guard, records: Records, stream: ClientStream | undefined) {
    this.#x = x;
    this.#guard = guard;
    this.#records = records;
    this.#stream = stream;
    this.#inspection = guard.engine.begin(exemptionFor(x, guard.exceptions));
    x.whenOver(() => this.#finish());
  }

  /** Phase 1. `head`: what the client really sent, when it differs from the exchange's canonical form. */
  requestHead(head: Partial<RequestHead> = {}): Reply | undefined {
    this.#head = { ...headOf(this.#x), ...head };
    return this.#step((inspection) => inspection.requestHead(this.#head as RequestHead));
  }

  /** All phases for an exchange whose answer is decided: the rules look, and nothing comes of it. */
  observe(head: Partial<RequestHead>, reply: Reply): void {
    const reason = this.#x.reason;
    this.requestHead(head);
    this.#step((inspection) => inspection.requestBody(EMPTY, false));
    this.#step((inspection) =>
      inspection.responseHead({ status: reply.status, protocol: 'HTTP/1.1', headers: reply.headers }),
    );
    this.#x.reason = reason;
  }

  /** Phase 2. Gathers the body as far as it is inspected; what was gathered still goes to the backend. */
  async requestBody(): Promise<Reply | undefined> {
    const { body } = this.#x.request;
    const wants = body !== undefined && this.#wants('wantsRequestBody');
    if (!wants || this.#x.request.isGrpc) {
      if (wants) this.#watchMessages(body);
      return this.#step((inspection) => inspection.requestBody(EMPTY, false));
    }
    const { inspectBytes, over } = this.#guard.config.body;
    const refuses = over === 'block' && this.#guard.config.mode === 'block';
    if (refuses && (body.length ?? 0) > inspectBytes) return this.#refuseBody(EMPTY);
    const gathered = new GatheredBody(body, inspectBytes);
    this.#x.request.body = gathered;
    const content = await decoded(await gathered.gather(), this.#x.request.headers, this.#guard);
    if (typeof content === 'string') return this.#refuseCoding(content);
    if (refuses && content.isPrefix) return this.#refuseBody(content.bytes);
    this.#requestBody = content.bytes;
    this.#isPrefix = content.isPrefix;
    const refusal = await this.#inspectBody(content);
    // What is still to come must not be held: the client reads the answer only when it is let write on.
    if (refusal !== undefined) gathered.cancel();
    return refusal;
  }

  /** The messages of a gRPC call go both ways at once: they are not waited for, but looked at as they pass. */
  #watchMessages(body: BodySource): void {
    if (!this.#guard.engine.readsMessages) return;
    const { inspectBytes, over } = this.#guard.config.body;
    const refusesLonger = over === 'block' && this.#guard.config.mode === 'block';
    this.#x.request.body = new MessageWatch(body, inspectBytes, (message, isLonger) => {
      if (refusesLonger && isLonger) return this.#refuseMessage('body-over-inspection', 413);
      return this.#inspectMessage(message, isLonger);
    });
  }

  /** Each message is an exchange of its own to the rules: a call may have thousands of them. */
  #inspectMessage(message: Buffer, isPrefix: boolean): GatehouseError | undefined {
    try {
      const inspection = this.#guard.engine.begin(exemptionFor(this.#x, this.#guard.exceptions));
      inspection.requestHead(headOf(this.#x));
      const intervention = inspection.requestBody(message, isPrefix);
      const outcome = inspection.outcome();
      this.#noteExceptions(outcome);
      if (intervention !== undefined || outcome.suppressed !== undefined) {
        this.#ofMessage = outcome;
        // What is recorded is the message that was stopped: of the others there may be thousands.
        this.#requestBody = Buffer.from(message);
      }
      return intervention === undefined ? undefined : this.#refuseMessage('waf', intervention.status);
    } catch (error) {
      return this.#fail(error) === undefined ? undefined : this.#refuseMessage('waf-error', 503);
    }
  }

  #refuseMessage(reason: string, status: number): GatehouseError {
    this.#isRefused = true;
    this.#x.reason = reason;
    return new GatehouseError('request_refused', 'client', 'a message was refused', { status });
  }

  async #inspectBody({ bytes, isPrefix, trailers }: Gathered): Promise<Reply | undefined> {
    if (this.#hasFailed) return undefined;
    try {
      const intervention = await this.#inspection.requestBodyInTurns(bytes, isPrefix, trailers);
      return intervention === undefined ? undefined : this.#answer(intervention);
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Phases 3 and 4: the reply itself, or the answer in its place. */
  async response(reply: Reply): Promise<Reply> {
    if (!this.#guard.config.response || reply.tunnel !== undefined) return reply;
    const { status, headers } = reply;
    const head = { status, protocol: this.#x.request.version, headers };
    this.#response = { head, body: EMPTY, isCut: false };
    const refusal = this.#step((inspection) => inspection.responseHead(head));
    if (refusal !== undefined) return discard(reply, refusal);
    if (!this.#wants('wantsResponseBody') || !isInspectedType(headers, this.#guard)) return reply;
    const { bytes, isPrefix } = await gatherResponse(reply, this.#guard);
    this.#response = { head, body: bytes, isCut: isPrefix };
    const late = this.#step((inspection) => inspection.responseBody(bytes, isPrefix));
    return late === undefined ? reply : discard(reply, late);
  }

  #wants(body: 'wantsRequestBody' | 'wantsResponseBody'): boolean {
    return !this.#hasFailed && this.#inspection[body];
  }

  /** Runs one phase; the answer when the exchange ends with it. */
  #step(run: (inspection: Inspection) => Intervention | undefined): Reply | undefined {
    if (this.#hasFailed) return undefined;
    try {
      const intervention = run(this.#inspection);
      return intervention === undefined ? undefined : this.#answer(intervention);
    } catch (error) {
      return this.#fail(error);
    }
  }

  #answer({ action, status, location }: Intervention): Reply {
    this.#x.reason = 'waf';
    if (action === 'redirect' && location !== undefined) {
      return { status, headers: ['location', location, 'cache-control', 'no-store'], body: undefined };
    }
    if (action === 'drop') this.#stream?.reset();
    return errorReply(this.#x, status);
  }

  /** Longer than the rules look at: it is not let through unseen. The rules see what was read of it. */
  #refuseBody(beginning: Buffer): Promise<Reply> {
    return this.#refuseUnseen(beginning, 413, 'body-over-inspection');
  }

  #refuseCoding(fault: CodingFault): Promise<Reply> {
    return this.#refuseUnseen(EMPTY, fault === 'unknown' ? 415 : 400, `body-coding-${fault}`);
  }

  /** A body that the rules cannot look at, or only in part. What they say of the rest comes first. */
  async #refuseUnseen(seen: Buffer, status: number, reason: string): Promise<Reply> {
    this.#x.request.body?.cancel();
    const earlier = await this.#inspectBody({ bytes: seen, isPrefix: true, trailers: [] });
    if (earlier !== undefined) return earlier;
    this.#isRefused = true;
    this.#x.reason = reason;
    return errorReply(this.#x, status);
  }

  /** Detection mode refuses nothing, whatever happens. */
  #fail(error: unknown): Reply | undefined {
    this.#hasFailed = true;
    const { onError, mode } = this.#guard.config;
    const passes = onError === 'pass' || mode === 'detect';
    const message = `the rules failed; the request ${passes ? 'passes' : 'is refused'}`;
    this.#records.error('process', message, error, { requestId: this.#x.id });
    if (passes) {
      this.#x.reason = 'waf-error';
      return undefined;
    }
    this.#isRefused = true;
    this.#x.reason = 'waf-error';
    return errorReply(this.#x, 503);
  }

  #finish(): void {
    this.#runLastPhase();
    const outcome = this.#ofMessage ?? this.#inspection.outcome();
    this.#noteExceptions(this.#inspection.outcome());
    noteAftermath(this.#x, this.#guard, this.#records, outcome, {
      head: this.#head,
      requestBody: this.#requestBody,
      isCut: this.#isPrefix,
      response: this.#response,
      isRefused: this.#isRefused,
    });
  }

  #noteExceptions({ exceptionsUsed }: Outcome): void {
    if (exceptionsUsed !== undefined) this.#guard.exceptions?.note(exceptionsUsed, Date.now());
  }

  /** The answer is given: whatever happens here is for the records only. */
  #runLastPhase(): void {
    if (this.#hasFailed) return;
    try {
      this.#inspection.finish();
    } catch (error) {
      this.#records.error('process', 'the rules failed after the answer', error, { requestId: this.#x.id });
    }
  }
}

function discard(reply: Reply, refusal: Reply): Reply {
  const body: BodySource | Uint8Array | undefined = reply.body;
  if (body !== undefined && !isWhole(body)) body.cancel();
  return refusal;
}
