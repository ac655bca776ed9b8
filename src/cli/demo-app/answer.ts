// What a handler gives back: an answer as a value. Only server.ts touches the response itself.
import type { Readable } from 'node:stream';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array | Readable;
}

export function html(markup: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, body: markup };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}

export function plain(text: string): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: text };
}

export function noContent(): Answer {
  return { status: 204, headers: {}, body: '' };
}

/** 303: the browser follows with GET, so a reload does not send the form again. */
export function seeOther(location: string, headers: Record<string, string> = {}): Answer {
  return { status: 303, headers: { location, ...headers }, body: '' };
}

/** Bytes, whole or still coming; for a stream `headers` must give the length, when it has one. */
export function bytes(body: Uint8Array | Readable, headers: Record<string, string>): Answer {
  return { status: 200, headers, body };
}

/** Text made harmless for HTML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
