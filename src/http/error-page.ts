// What a client sees when the gateway itself answers: small, self-contained, with the request id to
// quote, and not a word about what stands behind.
import type { Exchange } from './exchange.ts';
import { refuseGrpc } from './grpc.ts';
import { headerList } from './headers.ts';
import type { Reply } from './reply.ts';
import { reasonPhrase } from './status.ts';

const WORDS: Readonly<Record<number, string>> = {
  400: 'The request could not be understood.',
  403: 'This request is not let through.',
  404: 'There is nothing at this address.',
  405: 'This method is not available here.',
  408: 'The request took too long to arrive.',
  413: 'The request is larger than this site accepts.',
  414: 'The address is longer than this site accepts.',
  421: 'This connection does not serve that host. Open a new one.',
  429: 'There were too many requests. Try again later.',
  431: 'The request headers are larger than this site accepts.',
  502: 'The application behind this address did not answer properly.',
  503: 'The application behind this address is busy or being restarted. Try again in a moment.',
  504: 'The application behind this address took too long to answer.',
};

/** HTML, JSON for clients that ask for it (RFC 9110, 12.5.1; RFC 9457 when they know it), or a status of gRPC. Never cached. */
export function errorReply(x: Exchange, status: number, headers: readonly string[] = []): Reply {
  if (x.request.isGrpc) {
    const reply = refuseGrpc(status, `${status} ${reasonPhrase(status)}. ${WORDS[status] ?? ''} Request ${x.id}`);
    reply.headers.push('x-request-id', x.id, ...headers);
    return reply;
  }
  const kind = preferredKind(headerList(x.request.headers, 'accept'));
  const body = Buffer.from(kind === 'text/html' ? html(x, status) : json(x, status));
  const type = kind === 'text/html' ? 'text/html; charset=utf-8' : kind;
  return {
    status,
    headers: [
      'content-type',
      type,
      'content-length',
      String(body.length),
      'cache-control',
      'no-store',
      'x-content-type-options',
      'nosniff',
      'x-request-id',
      x.id,
      ...headers,
    ],
    body,
  };
}

type Kind = 'text/html' | 'application/json' | 'application/problem+json';

function preferredKind(accept: string | undefined): Kind {
  if (accept === undefined) return 'text/html';
  let best: Kind = 'text/html';
  let bestQuality = 0;
  for (const entry of accept.split(',')) {
    const [type = '', ...parameters] = entry.split(';');
    const kind = KINDS[type.trim().toLowerCase()];
    if (kind === undefined) continue;
    const quality = parameters.map((p) => /^\s*q\s*=\s*([\d.]+)\s*$/i.exec(p)?.[1]).find((q) => q !== undefined);
    const weight = quality === undefined ? 1 : Number(quality);
    if (weight > bestQuality) {
      best = kind;
      bestQuality = weight;
    }
  }
  return best;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'text/html': 'text/html',
  'application/xhtml+xml': 'text/html',
  'application/json': 'application/json',
  'application/problem+json': 'application/problem+json',
};

function json(x: Exchange, status: number): string {
  const title = reasonPhrase(status);
  return `${JSON.stringify({ type: 'about:blank', title, status, detail: WORDS[status], requestId: x.id })}\n`;
}

function html(x: Exchange, status: number): string {
  const title = `${status} ${reasonPhrase(status)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;color:#1c2430;background:#f6f7f9}
main{max-width:32rem;padding:2rem}h1{font-size:1.5rem;margin:0 0 .5rem}p{margin:.25rem 0}code{font:13px ui-monospace,monospace;color:#5a6675}
@media(prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181f}code{color:#93a0b0}}</style></head>
<body><main><h1>${title}</h1><p>${WORDS[status] ?? ''}</p><p><code>Request ${x.id}</code></p></main></body></html>
`;
}
