// What every HTTP/1.1 client is asked to do here: one request over a kept connection, its answer read to the end.
import { readFileSync } from 'node:fs';
import { FILES, HOST, POST_REPLY } from '../../rig/workspace.ts';

export interface Client {
  /** Fulfils with the length of the answer's body; fails for anything but a 200. */
  send(job: Job): Promise<number>;
  close(): Promise<void> | void;
}

export interface Job {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: Buffer | undefined;
  readonly answerBytes: number;
}

/** As many as there are requests under way, so that nobody waits for one. */
export const CONNECTIONS = 64;

/** What a browser sends and what a gateway adds to it, as a flat list: all take that form, and it costs the least. */
export const FIELDS: readonly string[] = [
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['accept-encoding', 'gzip, deflate, br'],
  ['accept-language', 'en-US,en;q=0.5'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['cookie', 'session=0123456789abcdef0123456789abcdef'],
  ['x-request-id', '0123456789abcdef0123'],
  ['x-forwarded-for', '198.51.100.7'],
  ['x-forwarded-proto', 'https'],
  ['x-forwarded-host', HOST],
].flat();

export function jobOf(name: string, postBody: string): Job {
  return name === 'post-4k'
    ? { method: 'POST', path: '/post', body: readFileSync(postBody), answerBytes: POST_REPLY.length }
    : { method: 'GET', path: '/1k', body: undefined, answerBytes: FILES.get('1k') as number };
}

export function unexpected(status: number): Error {
  return new Error(`the backend answered ${status}`);
}
