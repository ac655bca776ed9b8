// The same bytes to Node's own HTTP client (llhttp) and to our parser, and how the two must agree: what
// Node refuses is never accepted here, what both accept is equal, and what only we refuse has a reason
// in the list below.
import http from 'node:http';
import { Duplex } from 'node:stream';
import { type Outcome, parse } from './events.ts';

export interface Exchange {
  method: 'GET' | 'HEAD';
  input: Buffer;
}

interface NodeAnswer {
  status: number;
  headers: string[];
  body: string;
  trailers: string[];
}

/** What Node makes of the bytes, followed by the end of the connection; undefined when it refuses them. */
export function askNode({ method, input }: Exchange): Promise<NodeAnswer | undefined> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        socket.push(input);
        socket.push(null);
        done();
      },
    });
    const request = http.request({
      method,
      path: '/',
      host: 'app.test',
      createConnection: () => socket,
      maxHeaderSize: 128 * 1024,
    });
    let isAnswered = false;
    // Once it has answered, what it thinks of bytes after the end of the answer comes here too.
    const refuse = (): void => {
      if (!isAnswered) resolve(undefined);
    };
    request.on('error', refuse);
    request.on('close', refuse);
    request.on('upgrade', refuse);
    request.on('response', (response) => {
      isAnswered = true;
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString('latin1');
      });
      response.on('error', () => resolve(undefined));
      response.on('close', () => {
        const { statusCode = 0, rawHeaders, rawTrailers, complete } = response;
        resolve(complete ? { status: statusCode, headers: rawHeaders, body, trailers: rawTrailers } : undefined);
      });
    });
    request.end();
  });
}

/** Throws where the two disagree in a way that the list below does not explain. Answers whether both accepted. */
export async function compare(exchange: Exchange): Promise<boolean> {
  const ours = parse([exchange.input], { method: exchange.method, isClosed: true });
  const theirs = await askNode(exchange);
  if (ours.end === 'complete') {
    if (theirs === undefined) throw new Error('accepted here, refused by Node');
    mustEqual('status', ours.status, theirs.status);
    mustEqual('body', ours.body, theirs.body);
    mustEqual('headers', ours.headers, endToEnd(theirs.headers, ours));
    mustEqual('trailers', ownTrailers(ours.trailers), ownTrailers(lowered(theirs.trailers)));
    return true;
  }
  if (theirs !== undefined && !isStricterHere(exchange, theirs))
    throw new Error(`refused here (${ours.end}), accepted by Node`);
  return false;
}

function mustEqual(what: string, ours: unknown, theirs: unknown): void {
  const [a, b] = [JSON.stringify(ours), JSON.stringify(theirs)];
  if (a !== b) throw new Error(`${what}: ${a} here, ${b} in Node`);
}

function lowered(fields: readonly string[]): string[] {
  return fields.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
}

function values(fields: readonly string[], name: string): string[] {
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1] === name);
}

/** Node's fields without those of the connection, a length of 204, and zeros before a length. */
function endToEnd(raw: readonly string[], ours: Outcome): string[] {
  const fields = lowered(raw);
  const named = values(fields, 'connection').flatMap((value) =>
    value
      .toLowerCase()
      .split(',')
      .map((option) => option.trim()),
  );
  const dropped = new Set([...named, 'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
  if (ours.status === 204) dropped.add('content-length');
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string];
    if (!dropped.has(name)) kept.push(name, name === 'content-length' ? String(Number(value)) : value);
  }
  return kept;
}

/** Trailers that neither side drops. */
function ownTrailers(trailers: readonly string[]): string[] {
  return trailers.filter((_, i) => (trailers[i - (i % 2)] as string).startsWith('x-'));
}

/**
 * The deliberate strictness beyond llhttp's:
 * 1. empty lines before the status line;
 * 2. versions other than 1.0 and 1.1;
 * 3. statuses outside 100 to 599;
 * 4. a reason phrase with control characters;
 * 5. Transfer-Encoding other than exactly `chunked`, more than one of them, or any in HTTP/1.0;
 * 6. Content-Length beyond 2^53-1;
 * 7. interim answers with chunks or content, or of HTTP/1.0, and more than 16 of them;
 * 8. chunk sizes of more than 16 digits;
 * 9. a chunk extension without a name, with `=` and no value, or with a token that runs into a quoted string;
 * 10. 101 that nobody asked for;
 * 11. Transfer-Encoding in the trailers;
 * 12. more than 256 fields.
 */
function isStricterHere({ input }: Exchange, theirs: NodeAnswer): boolean {
  const text = input.toString('latin1');
  const fields = lowered(theirs.headers);
  const codings = values(fields, 'transfer-encoding');
  return (
    /(?:^|\n\r\n)[\r\n]+HTTP\//.test(text) ||
    /(?:^|\n)HTTP\/(?!1\.[01])/.test(text) ||
    theirs.status < 100 ||
    theirs.status > 599 ||
    /(?:^|\n)HTTP\/\d\.\d \d{3}[^\r\n]*[^\t\r\n\x20-\x7e\x80-\xff]/.test(text) ||
    codings.some((coding) => coding.toLowerCase() !== 'chunked') ||
    codings.length > 1 ||
    (codings.length > 0 && /^HTTP\/1\.0/m.test(text)) ||
    values(fields, 'content-length').some((length) => Number(length) > Number.MAX_SAFE_INTEGER) ||
    /HTTP\/1\.[01] 1\d\d[\s\S]*\r\n(?:content-length:|transfer-encoding:)/i.test(text) ||
    (text.match(/HTTP\/1\.[01] 1\d\d/g) ?? []).length > 16 ||
    /\r\n[0-9a-f]{17,}/i.test(text) ||
    /[0-9a-f][^\r\n]*;(?:[=;]|[^\r\n]*=(?:[;\r]|[^\s;"]+"))/i.test(text) ||
    /HTTP\/1\.[01] 101/.test(text) ||
    values(lowered(theirs.trailers), 'transfer-encoding').length > 0 ||
    fields.length > 512
  );
}
