// One request as the handlers see it, the state they share, and how a body is read within a bound.
import type { IncomingMessage } from 'node:http';
import type { Account, Accounts } from './accounts.ts';
import type { Answer } from './answer.ts';
import type { Board } from './board.ts';
import type { Shelf } from './shelf.ts';

/** Forms and JSON; uploads have a bound of their own. */
export const BODY_LIMIT_BYTES: number = 64 * 1024;

export interface App {
  board: Board;
  accounts: Accounts;
  shelf: Shelf;
  /** Between two events of `/events` and two times of `/clock`. */
  tickMs: number;
  /** Event streams open now. */
  eventStreams: number;
}

export interface Visit {
  app: App;
  request: IncomingMessage;
  path: string;
  query: URLSearchParams;
  /** Who is logged in; undefined: a guest. */
  account: Account | undefined;
  /** The body as text; empty for GET and for handlers that read the request themselves. */
  body: string;
  /** Aborts when the answer is over or its connection is lost. */
  gone: AbortSignal;
}

export type Handler = (visit: Visit) => Answer | Promise<Answer>;

/**
 * Hands each chunk of the body to `take`. False: `take` wanted no more; what still comes is read and thrown away, so
 * that the client can finish sending and see the answer. Rejects when the client goes away first.
 */
export function consume(request: IncomingMessage, take: (chunk: Buffer) => boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let isWanted = true;
    request.on('data', (chunk: Buffer) => {
      if (!isWanted || take(chunk)) return;
      isWanted = false;
      resolve(false);
    });
    request.on('end', () => resolve(true));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client went away')));
  });
}

/** The whole body as UTF-8 text; undefined when it is longer than the bound. */
export async function readText(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) return undefined;
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  const isWhole = await consume(request, (chunk) => {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) return false;
    text += decoder.decode(chunk, { stream: true });
    return true;
  });
  return isWhole ? text + decoder.decode() : undefined;
}

/** The fields of a posted form; undefined when the body is something else. */
export function formFields(visit: Visit): URLSearchParams | undefined {
  const type = visit.request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) return undefined;
  return new URLSearchParams(visit.body);
}

/** True for programs: the API, and whoever asks for JSON by name. */
export function wantsJson(visit: Visit): boolean {
  return visit.path.startsWith('/api/') || (visit.request.headers.accept ?? '').includes('application/json');
}
