// A lenient reading of a request head that Node's parser or our own reader refused: for the rules and the audit log, so
// that what an attacker tried is seen. Nothing may be routed, forwarded or answered by it.

export interface RefusedHead {
  /** Up to the first blank of the request line. */
  readonly method: string;
  /** What lies between method and protocol, blanks within it included. */
  readonly target: string;
  /** As written, `HTTP/4.0` or `1.1`; empty when the line ends with the target. */
  readonly protocol: string;
  /** Flat, in order, names in their own case; a line without a colon is a name with an empty value. */
  readonly headers: readonly string[];
  /** The request line as it came, without its line end. */
  readonly line: string;
}

/** Where a head is cut. */
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_HEADERS = 200;

/**
 * Reads the beginning of `raw` as byte strings (latin1). A line ends with LF, a CR before it is dropped; a folded line
 * (RFC 9112, 5.2) goes on with its field, behind one space. Undefined when there is nothing but line ends; never
 * throws. What lies beyond the bounds is left out.
 */
export function readRefusedHead(raw: Buffer): RefusedHead | undefined {
  const text = raw.toString('latin1', 0, MAX_HEAD_BYTES);
  let at = 0;
  while (text[at] === '\r' || text[at] === '\n') at++;
  if (at === text.length) return undefined;
  const line = lineAt(text, at);
  return { ...readRequestLine(line.content), headers: readFields(text, line.next), line: line.content };
}

interface Line {
  readonly content: string;
  /** Where the next one begins. */
  readonly next: number;
}

function lineAt(text: string, at: number): Line {
  const lf = text.indexOf('\n', at);
  const end = lf < 0 ? text.length : lf;
  const isCrlf = end > at && text[end - 1] === '\r';
  return { content: text.slice(at, isCrlf ? end - 1 : end), next: end + 1 };
}

/** A last word that says a version, with a protocol's name or without; anything else belongs to the target. */
const PROTOCOL = /^(?:HTTP\/[!-~]{0,16}|[A-Z]{1,16}\/\d[!-~]{0,16}|\d{1,4}\.\d{1,4})$/i;

function readRequestLine(line: string): { method: string; target: string; protocol: string } {
  const content = trimBlanks(line);
  const methodEnd = indexOfBlank(content);
  const method = content.slice(0, methodEnd);
  const rest = trimBlanks(content.slice(methodEnd));
  const lastBlank = Math.max(rest.lastIndexOf(' '), rest.lastIndexOf('\t'));
  const last = rest.slice(lastBlank + 1);
  if (lastBlank < 0 || !PROTOCOL.test(last)) return { method, target: rest, protocol: '' };
  return { method, target: trimBlanks(rest.slice(0, lastBlank)), protocol: last };
}

function readFields(text: string, start: number): string[] {
  const headers: string[] = [];
  for (let at = start; at < text.length; ) {
    const { content, next } = lineAt(text, at);
    if (content === '') break;
    at = next;
    if (isBlank(content, 0) && headers.length > 0) {
      // Both parts are trimmed already, so the whole is never gone over again for a further line.
      headers[headers.length - 1] = joined(headers[headers.length - 1] as string, trimBlanks(content));
      continue;
    }
    if (headers.length === 2 * MAX_HEADERS) break;
    const colon = content.indexOf(':');
    const nameEnd = colon < 0 ? content.length : colon;
    headers.push(trimBlanks(content.slice(0, nameEnd)), trimBlanks(content.slice(nameEnd + 1)));
  }
  return headers;
}

function joined(value: string, more: string): string {
  if (more === '') return value;
  return value === '' ? more : `${value} ${more}`;
}

function indexOfBlank(text: string): number {
  for (let i = 0; i < text.length; i++) if (isBlank(text, i)) return i;
  return text.length;
}

/** Space and tab, the only blanks of HTTP. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}
