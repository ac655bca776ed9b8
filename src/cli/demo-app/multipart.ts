// multipart/form-data (RFC 7578) read as it arrives: no part is ever held whole, and the parser's own memory is
// bounded by one chunk and one block of part headers.

export interface PartHead {
  name: string;
  /** Undefined: an ordinary field. */
  fileName: string | undefined;
}

export interface PartHandler {
  open(head: PartHead): void;
  data(bytes: Buffer): void;
  close(): void;
}

const MAX_PARTS = 16;
const MAX_HEAD_BYTES = 8 * 1024;
const FILE_NAME_LIMIT = 200;
const LINE_END = Buffer.from('\r\n');

/** The boundary that a content type names; undefined when it is not multipart/form-data or names none. */
export function multipartBoundary(contentType: string): string | undefined {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

export class MultipartReader {
  readonly #delimiter: Buffer;
  readonly #handler: PartHandler;
  #state: 'preamble' | 'head' | 'data' | 'end' | 'broken' = 'preamble';
  /** Starts with a line end so that the first delimiter looks like all others. */
  #held = LINE_END;
  #parts = 0;

  constructor(boundary: string, handler: PartHandler) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
    this.#handler = handler;
  }

  /** False when what came so far is no multipart body. */
  write(chunk: Buffer): boolean {
    if (this.#state === 'end') return true;
    this.#held = Buffer.concat([this.#held, chunk]);
    while (this.#state === 'head' ? this.#readHead() : this.#readData());
    return this.#state !== 'broken';
  }

  /** Call at the end of the body: true when the closing delimiter was there. */
  get isComplete(): boolean {
    return this.#state === 'end';
  }

  /** Reads up to the next delimiter; true when something else follows that can be read now. */
  #readData(): boolean {
    if (this.#state === 'end' || this.#state === 'broken') return false;
    const found = this.#held.indexOf(this.#delimiter);
    // A delimiter may lie across two chunks, so that much of the end waits for the next one.
    const known = found >= 0 ? found : Math.max(0, this.#held.length - this.#delimiter.length + 1);
    if (this.#state === 'data' && known > 0) this.#handler.data(this.#held.subarray(0, known));
    this.#held = this.#held.subarray(known);
    const afterAt = this.#delimiter.length;
    if (found < 0 || this.#held.length < afterAt + 2) return false;
    const after = this.#held.toString('latin1', afterAt, afterAt + 2);
    this.#held = this.#held.subarray(afterAt + 2);
    if (this.#state === 'data') this.#handler.close();
    this.#state = after === '--' ? 'end' : after === '\r\n' && ++this.#parts <= MAX_PARTS ? 'head' : 'broken';
    return this.#state === 'head';
  }

  #readHead(): boolean {
    const end = this.#held.indexOf('\r\n\r\n');
    if (end < 0 && this.#held.length <= MAX_HEAD_BYTES) return false;
    const head = end < 0 || end > MAX_HEAD_BYTES ? undefined : parseHead(this.#held.toString('utf8', 0, end));
    if (head === undefined) {
      this.#state = 'broken';
      return false;
    }
    this.#held = this.#held.subarray(end + 4);
    this.#handler.open(head);
    this.#state = 'data';
    return true;
  }
}

function parseHead(text: string): PartHead | undefined {
  const disposition = /^content-disposition:\s*form-data\s*(;.*)$/im.exec(text)?.[1];
  const name = disposition === undefined ? undefined : parameter(disposition, 'name');
  if (disposition === undefined || name === undefined) return undefined;
  // Browsers send the bare name; a path from anything else is cut down to it.
  const fileName = parameter(disposition, 'filename')?.split(/[/\\]/).at(-1);
  return { name, fileName: fileName?.slice(0, FILE_NAME_LIMIT) };
}

function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s"]+))`, 'i').exec(disposition);
  return (match?.[1] ?? match?.[2])?.replaceAll('%22', '"');
}
