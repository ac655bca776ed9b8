// A backend that reads HTTP/1.1 as strictly as it can be read, with a parser that shares nothing with the gateway's: what
// it cannot read in exactly one way is kept as a fault. It answers every request with 200 and a small body.
import type { Socket } from 'node:net';
import type { Backend } from './backend.ts';
import { startRawBackend } from './backend.ts';

export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  /** Flat, names as received. */
  readonly fields: readonly string[];
  readonly body: string;
}

export interface StrictBackend extends Pick<Backend, 'url' | 'close'> {
  readonly requests: StrictRequest[];
  /** What stood on a connection and was no clean request. */
  readonly faults: string[];
}

export async function startStrictBackend(): Promise<StrictBackend> {
  const requests: StrictRequest[] = [];
  const faults: string[] = [];
  const backend = await startRawBackend((socket) => serve(socket, requests, faults));
  return { url: backend.url, close: () => backend.close(), requests, faults };
}

export function fieldsNamed({ fields }: StrictRequest, name: string): string[] {
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === name);
}

function serve(socket: Socket, requests: StrictRequest[], faults: string[]): void {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (;;) {
      const read = readRequest(text);
      if (read === undefined) return;
      if (typeof read === 'string') {
        faults.push(`${read}: ${JSON.stringify(text.slice(0, 400))}`);
        socket.destroy();
        return;
      }
      requests.push(read.request);
      text = text.slice(read.end);
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }
  });
  socket.on('close', () => {
    // A request that breaks off is clean: the backend knows that it is not whole.
    if (text !== '' && !/^[A-Z]/.test(text)) faults.push(`left over: ${JSON.stringify(text.slice(0, 400))}`);
  });
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\/[!-~]*|\*) HTTP\/1\.1$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t -~\x80-\xff]*)$/;
const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;
const NEVER = /^(?:keep-alive|proxy-connection|proxy|x-original-url|x-rewrite-url|http2-settings|te|trailer)$/;

/** undefined: not all of it is there yet. A string: what is wrong. */
function readRequest(text: string): { request: StrictRequest; end: number } | string | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return text.length > 1_000_000 ? 'an endless head' : undefined;
  const [line = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const parts = REQUEST_LINE.exec(line);
  if (parts === null) return 'a request line';
  const fields: string[] = [];
  for (const each of lines) {
    const field = FIELD.exec(each);
    if (field === null) return `a field ${JSON.stringify(each)}`;
    fields.push(field[1] as string, field[2] as string);
  }
  const [, method = '', target = ''] = parts;
  const head = { method, target, fields, body: '' };
  const fault = faultOf(head);
  if (fault !== undefined) return fault;
  const body = readBody(text, headEnd + 4, head);
  if (typeof body === 'string' || body === undefined) return body;
  return { request: { ...head, body: body.body }, end: body.end };
}

function faultOf(head: StrictRequest): string | undefined {
  const hosts = fieldsNamed(head, 'host');
  if (hosts.length !== 1 || !HOST.test(hosts[0] as string)) return `a host ${JSON.stringify(hosts)}`;
  if (head.target === '*' && head.method !== 'OPTIONS') return 'an asterisk';
  const lengths = fieldsNamed(head, 'content-length').length;
  const codings = fieldsNamed(head, 'transfer-encoding').length;
  if (lengths + codings > 1) return 'framing with two readings';
  for (let i = 0; i < head.fields.length; i += 2) {
    const name = (head.fields[i] as string).toLowerCase();
    if (name.includes('_') || NEVER.test(name)) return `the field ${name}`;
  }
  const upgrade = fieldsNamed(head, 'upgrade');
  return upgrade.length > 0 && upgrade.join() !== 'websocket' ? `an upgrade to ${upgrade.join()}` : undefined;
}

function readBody(
  text: string,
  start: number,
  head: StrictRequest,
): { body: string; end: number } | string | undefined {
  const [coding] = fieldsNamed(head, 'transfer-encoding');
  if (coding !== undefined) return coding === 'chunked' ? readChunks(text, start) : `the coding ${coding}`;
  const [declared = '0'] = fieldsNamed(head, 'content-length');
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(declared)) return `the length ${declared}`;
  const end = start + Number(declared);
  return text.length < end ? undefined : { body: text.slice(start, end), end };
}

function readChunks(text: string, start: number): { body: string; end: number } | string | undefined {
  let body = '';
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = text.slice(at, lineEnd);
    if (!/^[0-9a-f]{1,8}$/.test(size)) return `the chunk size ${JSON.stringify(size)}`;
    const length = Number.parseInt(size, 16);
    at = lineEnd + 2;
    if (length === 0) return readTrailers(text, at, body);
    if (text.length < at + length + 2) return undefined;
    body += text.slice(at, at + length);
    if (text.slice(at + length, at + length + 2) !== '\r\n') return 'a chunk that does not end';
    at += length + 2;
  }
}

function readTrailers(text: string, start: number, body: string): { body: string; end: number } | string | undefined {
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    if (lineEnd === at) return { body, end: at + 2 };
    const [, name = '_'] = FIELD.exec(text.slice(at, lineEnd)) ?? [];
    if (/_|^(?:x-original-url|true-client-ip|host|content-length)$/i.test(name))
      return `a trailer ${JSON.stringify(text.slice(at, lineEnd))}`;
    at = lineEnd + 2;
  }
}
