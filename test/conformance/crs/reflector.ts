// The backend behind the gateway under test. It does what CRS's tests expect of theirs (albedo): 200 without a body to
// everything, and for a POST to /reflect the answer that its JSON body describes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import http, { validateHeaderName, validateHeaderValue } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Reflector {
  readonly url: string;
  close(): Promise<void>;
}

export async function startReflector(): Promise<Reflector> {
  // Addresses and fields of the tests are as long as they please.
  const server = http.createServer({ maxHeaderSize: 1024 * 1024 }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** The answer asked for, as it stands in a request's body. */
interface Reflection {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Base64. */
  readonly encodedBody?: string;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const isReflection = request.method === 'POST' && /^\/reflect(?:[/?]|$)/.test(request.url ?? '');
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A body that breaks off leaves nobody to answer.
  request.on('error', () => {});
  request.on('end', () => {
    if (isReflection) reflect(Buffer.concat(chunks), response);
    else response.end();
  });
}

function reflect(body: Buffer, response: ServerResponse): void {
  const reflection = readReflection(body);
  if (reflection === undefined) {
    response.writeHead(400).end('Invalid JSON in request body');
    return;
  }
  const { status = 200, headers = {}, body: text = '', encodedBody = '' } = reflection;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    response.writeHead(400).end(`Invalid status code: ${status}`);
    return;
  }
  for (const [name, value] of Object.entries(headers)) if (isField(name, value)) response.setHeader(name, value);
  const content = text === '' ? Buffer.from(encodedBody, 'base64') : Buffer.from(text);
  // Go names the type of a body that has none, and response rules look at bodies of some types only.
  if (content.length > 0 && !response.hasHeader('content-type') && !response.hasHeader('content-encoding')) {
    response.setHeader('content-type', sniff(content));
  }
  response.writeHead(status).end(content);
}

function readReflection(body: Buffer): Reflection | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isField(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Text or not, by the first 512 bytes (MIME Sniffing Standard, 7.1); media of every other kind is binary here. */
function sniff(content: Buffer): string {
  const start = content.subarray(0, 512);
  const text = start.toString('latin1').replace(/^[\t\n\f\r ]+/, '');
  if (MARKUP.test(text)) return 'text/html; charset=utf-8';
  if (text.startsWith('<?xml')) return 'text/xml; charset=utf-8';
  return start.some(isBinary) ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}

const MARKUP = /^<(?:(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >]|!--)/i;

/** The standard's binary data bytes: controls other than tab, line ends, form feed and escape. */
function isBinary(byte: number): boolean {
  return byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d, 0x1b].includes(byte);
}
