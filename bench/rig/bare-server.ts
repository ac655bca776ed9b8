// What Node itself costs for an answer: a server that looks nothing up and writes nothing down. Over HTTP/2 that is one
// `respond` and one `end` for each stream. Arguments: the folder of the answers, the port, certificate, key.
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { join } from 'node:path';

interface Answer {
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const [folder = '', port = '', cert = '', key = ''] = process.argv.slice(2);
const answers = new Map(readdirSync(folder).map((name) => [`/${name}`, answer(readFileSync(join(folder, name)))]));

const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key), allowHTTP1: true });
server.on('request', ((request: IncomingMessage, response: ServerResponse) => {
  const { headers, body } = answerTo(request.url);
  response.writeHead(200, [...headers]).end(body);
}) as () => void);
// Node's compat layer for HTTP/2, which comes with the listener above.
server.removeAllListeners('stream');
server.on('stream', (stream: ServerHttp2Stream, _headers, _flags, raw: string[]) => {
  const { headers, body } = answerTo(raw[raw.indexOf(':path') + 1]);
  stream.respond([':status', '200', ...headers]);
  stream.end(body);
});
server.on('secureConnection', (socket) => socket.setNoDelay(true));
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('"ready"\n'));

function answerTo(path: string | undefined): Answer {
  return answers.get(path ?? '') ?? answer(Buffer.alloc(0));
}

/** With the fields of a hit. */
function answer(body: Buffer): Answer {
  const date = new Date().toUTCString();
  const fields = ['server', 'bare', 'date', date, 'content-type', 'text/plain', 'content-length', String(body.length)];
  const validators = [
    'last-modified',
    date,
    'etag',
    '"bare"',
    'accept-ranges',
    'bytes',
    'cache-control',
    'max-age=3600',
  ];
  const own = ['age', '1', 'cache-status', 'bare; hit; ttl=3599', 'x-request-id', '0123456789abcdef0123'];
  return { headers: [...fields, ...validators, ...own], body };
}
