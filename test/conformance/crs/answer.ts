// Reads an HTTP/1.1 answer from the bytes that have come so far, just well enough to know where it ends.

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** All that came, byte for byte (latin1). */
  readonly raw: string;
  /** False for an answer that only the end of the connection completes, and for one that breaks off. */
  readonly isComplete: boolean;
}

/** Undefined until a whole head is there. `raw` holds everything received; interim answers (1xx) are passed over. */
export function readAnswer(raw: string, toHead: boolean): Answer | undefined {
  for (let start = 0; ; ) {
    const end = raw.indexOf('\r\n\r\n', start);
    if (end < 0) return undefined;
    const [first = '', ...lines] = raw.slice(start, end).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]);
    if (Number.isNaN(status)) return undefined;
    start = end + 4;
    if (status >= 100 && status < 200) continue;
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    const bodiless = toHead || status === 204 || status === 304;
    return { status, headers, raw, isComplete: bodiless || hasWholeBody(raw, start, headers) };
  }
}

/** The value of the first field of that name. */
export function answerHeader({ headers }: Answer, name: string): string | undefined {
  return headers.find(([given]) => given === name)?.[1];
}

function hasWholeBody(raw: string, start: number, headers: Answer['headers']): boolean {
  const value = (name: string): string | undefined => headers.find(([given]) => given === name)?.[1];
  if (value('transfer-encoding')?.toLowerCase() === 'chunked') return hasLastChunk(raw, start);
  const length = value('content-length');
  return length !== undefined && raw.length - start >= Number(length);
}

/** RFC 9112, 7.1. */
function hasLastChunk(raw: string, start: number): boolean {
  for (let at = start; ; ) {
    const lineEnd = raw.indexOf('\r\n', at);
    if (lineEnd < 0) return false;
    const size = Number.parseInt(raw.slice(at, lineEnd), 16);
    if (Number.isNaN(size)) return false;
    if (size === 0) return raw.indexOf('\r\n\r\n', lineEnd) >= 0;
    at = lineEnd + 2 + size + 2;
  }
}
