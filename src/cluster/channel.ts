// Questions and answers between two processes over Node's IPC channel. Every question is answered, refused or given up in
// time, so nobody waits for a process that has gone; how many may wait is bounded.
import type { ChildProcess } from 'node:child_process';
import { GatehouseError, type Problem, ProblemsError } from '../base/errors.ts';

/** Questions that wait for an answer at once. */
const MAX_WAITING = 10_000;

/** What one side can be asked, by name: each takes one value, and answers with one that can be cloned. */
export type Answers<T> = { readonly [K in keyof T]: (value: never) => unknown };
type Asked<T, K extends keyof T> = T[K] extends (value: infer V) => unknown ? V : never;
type Answered<T, K extends keyof T> = T[K] extends (value: never) => infer R ? Awaited<R> : never;

/** An answer that is a handle of Node's, such as a listening socket. */
export class Handed {
  readonly handle: object;

  constructor(handle: object) {
    this.handle = handle;
  }
}

interface Question {
  readonly ask: string;
  readonly value: unknown;
  /** undefined: no answer is wanted. */
  readonly id?: number;
}

interface Reply {
  readonly to: number;
  readonly value?: unknown;
  readonly fault?: Fault;
}

/** A failure on its way. */
export interface Fault {
  readonly problems?: readonly Problem[];
  readonly code: GatehouseError['code'];
  readonly side: GatehouseError['side'];
  readonly message: string;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

type Port = ChildProcess | NodeJS.Process;

export class Channel<Theirs extends Answers<Theirs>> {
  readonly #port: Port;
  readonly #answers: Readonly<Record<string, (value: never) => unknown>>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** `port`: a child of this process, or this process itself for its parent. */
  constructor(port: Port, answers: object) {
    this.#port = port;
    this.#answers = answers as Readonly<Record<string, (value: never) => unknown>>;
    port.on('message', (message: unknown, handle: unknown) => this.#receive(message, handle));
    port.once('disconnect', () => this.#end());
  }

  /** Fails as the other side failed, or with a GatehouseError `internal` when there is no answer in time. */
  ask<K extends keyof Theirs & string>(
    name: K,
    value: Asked<Theirs, K>,
    timeoutMs: number,
  ): Promise<Answered<Theirs, K>> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(noAnswer(`too many questions wait for ${name}`));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = ++this.#lastId;
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      reject(noAnswer(`no answer to ${name} within ${timeoutMs} ms`));
    }, timeoutMs).unref();
    this.#waiting.set(id, { resolve, reject, timer });
    this.#send({ ask: name, value, id });
    return promise as Promise<Answered<Theirs, K>>;
  }

  /** Without an answer, and nothing is known of what becomes of it. */
  tell<K extends keyof Theirs & string>(name: K, value: Asked<Theirs, K>): void {
    this.#send({ ask: name, value });
  }

  #send(message: Question | Reply, handle?: object): void {
    if (!this.#port.connected) {
      this.#end();
      return;
    }
    // A failure here is one of a process that ends, and that is told by `disconnect`.
    this.#port.send?.(message, handle as never, {}, () => {});
  }

  #receive(message: unknown, handle: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    if ('ask' in message) void this.#answer(message as Question);
    else if ('to' in message) this.#settle(message as Reply, handle);
  }

  async #answer({ ask, value, id }: Question): Promise<void> {
    try {
      const answer = Object.hasOwn(this.#answers, ask) ? await this.#answers[ask]?.(value as never) : undefined;
      if (id === undefined) return;
      if (answer instanceof Handed) this.#send({ to: id }, answer.handle);
      else this.#send({ to: id, value: answer });
    } catch (error) {
      if (id !== undefined) this.#send({ to: id, fault: faultOf(error) });
    }
  }

  #settle({ to, value, fault }: Reply, handle: unknown): void {
    const waiting = this.#waiting.get(to);
    if (waiting === undefined) return;
    this.#waiting.delete(to);
    clearTimeout(waiting.timer);
    if (fault === undefined) waiting.resolve(handle ?? value);
    else waiting.reject(errorOf(fault));
  }

  /** The other process has gone. */
  #end(): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(noAnswer('a process of the gateway has ended before it answered; try again'));
    }
    this.#waiting.clear();
  }
}

export function faultOf(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ProblemsError)
    return { problems: error.problems, code: 'config_invalid', side: 'gateway', message };
  if (error instanceof GatehouseError) return { code: error.code, side: error.side, message };
  return { code: 'internal', side: 'gateway', message };
}

export function errorOf({ problems, code, side, message }: Fault): Error {
  return problems === undefined ? new GatehouseError(code, side, message) : new ProblemsError(problems);
}

function noAnswer(message: string): GatehouseError {
  return new GatehouseError('internal', 'gateway', message);
}
