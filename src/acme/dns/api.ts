// Calls of the HTTP APIs of providers: bounded in time and size, and repeated a few times where the service
// says that it is busy. Every call that goes through here may be repeated without harm.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, Teller } from './failure.ts';
import { providerFailure, shown, stopped } from './failure.ts';

const maxAttempts = 4;
const attemptMs = 20_000;
/** A service that wants a longer pause is not waited for. */
const longestPauseMs = 30_000;
const maxAnswerBytes = 1024 * 1024;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

export interface ApiOptions extends Teller {
  /** The base of all paths. */
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each attempt: a signature holds the time. */
  readonly sign?: (request: ApiRequest) => Promise<ApiRequest>;
  /** Whether an answer other than 429 and 5xx asks to come again later. */
  readonly isBusy?: (answer: ApiAnswer) => boolean;
  /** The pause before the second attempt; it doubles. */
  readonly firstPauseMs?: number;
}

/** What one call is for, and what to send. */
export interface ApiCall {
  /** Goes on from "provider: ": `finding the zone of a.example.com`. */
  readonly what: string;
  readonly method: ApiRequest['method'];
  /** Behind the endpoint; begins with a slash. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly text: string };
}

export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** The last answer, whatever its status, once the service is no longer busy. Throws when there is none. */
  async call(call: ApiCall, signal: AbortSignal): Promise<ApiAnswer> {
    let pauseMs = this.#options.firstPauseMs ?? 1000;
    for (let attempt = 1; ; attempt++) {
      const result = await this.#attempt(call, signal);
      if (!result.isBusy) return result.answer;
      const isLast = attempt === maxAttempts || (result.waitMs ?? 0) > longestPauseMs;
      if (isLast) throw this.failure({ what: call.what, answer: result.said, advice: busyAdvice, retry: true });
      await sleep(result.waitMs ?? pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw stopped(this.#options, call.what, shown(result.said, this.#options.secrets));
      pauseMs *= 2;
    }
  }

  failure(failure: Failure): Error {
    return providerFailure(this.#options, failure);
  }

  /** What a service sent that cannot be understood. */
  unreadable(what: string, { status, text }: ApiAnswer): Error {
    const answer =
      text === '' ? statusWords({ status, text }) : `HTTP ${status} with an answer that cannot be read: ${text}`;
    return this.failure({ what, answer, advice: `see that ${this.#options.endpoint} is the API of the provider` });
  }

  async #attempt(call: ApiCall, signal: AbortSignal): Promise<Attempt> {
    const { endpoint, headers, sign } = this.#options;
    const unsigned: ApiRequest = {
      method: call.method,
      url: endpoint.replace(/\/+$/, '') + call.path,
      headers: {
        'user-agent': 'gatehouse',
        ...headers,
        ...(call.body === undefined ? {} : { 'content-type': call.body.type }),
      },
      ...(call.body === undefined ? {} : { body: call.body.text }),
    };
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]);
    try {
      const { url, ...init } = sign === undefined ? unsigned : await sign(unsigned);
      // A redirect is not followed: it would carry the credentials elsewhere.
      const response = await fetch(url, { ...init, redirect: 'manual', signal: deadline });
      const answer = { status: response.status, text: await readText(response) };
      const isBusy = answer.status === 429 || answer.status >= 500 || (this.#options.isBusy?.(answer) ?? false);
      if (!isBusy) return { isBusy, answer };
      const waitMs = retryAfterMs(response.headers.get('retry-after'));
      const asked = waitMs === undefined ? '' : ` (try again in ${Math.ceil(waitMs / 1000)} s)`;
      return { isBusy, said: statusWords(answer, asked), waitMs };
    } catch (error) {
      if (signal.aborted) throw stopped(this.#options, call.what);
      if (error instanceof TooLong) {
        throw this.failure({
          what: call.what,
          answer: error.message,
          advice: 'see that the endpoint is the right one',
        });
      }
      return { isBusy: true, said: deadline.aborted ? 'no answer in time' : reasonOf(error) };
    }
  }
}

const busyAdvice = 'the service cannot be reached or is busy; try again later';

type Attempt =
  | { readonly isBusy: false; readonly answer: ApiAnswer }
  | { readonly isBusy: true; readonly said: string; readonly waitMs?: number | undefined };

/** A status with what came along. */
export function statusWords({ status, text }: ApiAnswer, more = ''): string {
  return text === '' ? `HTTP ${status}${more} without a word` : `HTTP ${status}${more}: ${text}`;
}

/** The fields of a JSON object, or none when the value is anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** The items of a JSON array, or none. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** undefined: the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Milliseconds of a Retry-After field (RFC 9110, 10.2.3), a number of seconds or a date. */
export function retryAfterMs(field: string | null, nowMs: number = Date.now()): number | undefined {
  const text = field?.trim() ?? '';
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse reads more than HTTP dates; a bare number is none.
  const time = /[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time - nowMs);
}

class TooLong extends Error {}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxAnswerBytes) throw new TooLong(`the answer is longer than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** What went wrong on the way; fetch hides it in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  if (cause instanceof Error)
    return cause.message === '' ? String((cause as NodeJS.ErrnoException).code) : cause.message;
  return message;
}
