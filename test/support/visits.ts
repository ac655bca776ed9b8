// A backend of either protocol whose exchanges a test holds in its hand.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { type Backend, startH2cBackend, startStreamingBackend } from './backend.ts';

export type Kind = 'http1' | 'h2';

export interface Visit {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** The answer's head goes out; what is written to it is the answer's body. */
  readonly answer: (status?: number, headers?: Record<string, string | string[]>) => Writable;
  /** When the exchange was over at the backend, whole or not, on `performance.now()`. */
  readonly over: Promise<number>;
}

export const KINDS: readonly Kind[] = ['http1', 'h2'];

export function startVisited(kind: Kind, onVisit: (visit: Visit) => void): Promise<Backend> {
  if (kind === 'h2') {
    return startH2cBackend((stream, headers) => {
      onVisit({
        headers,
        body: stream,
        answer: (status = 200, fields = {}) => {
          stream.respond({ ':status': status, ...fields });
          return stream;
        },
        over: new Promise((resolve) => stream.once('close', () => resolve(performance.now()))),
      });
    });
  }
  return startStreamingBackend((request, response) => {
    request.on('error', () => {});
    onVisit({
      headers: request.headers,
      body: request,
      answer: (status = 200, fields = {}) => {
        response.writeHead(status, fields).flushHeaders();
        return response;
      },
      over: new Promise((resolve) => response.once('close', () => resolve(performance.now()))),
    });
  });
}

/** A configuration with that backend behind `localhost`. */
export function siteOf(kind: Kind, { url }: Pick<Backend, 'url'>, more = ''): string {
  return `${more}
upstreams: { app: { servers: ["${url}"], protocol: ${kind} } }
sites: { localhost: { to: app } }`;
}
