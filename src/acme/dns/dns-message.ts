// DNS messages in wire form (RFC 1035, 4): as much as an update needs (RFC 2136). Every record keeps its
// place in the message, for a signature covers the bytes before it.

export const types = { SOA: 6, TXT: 16, TSIG: 250, ANY: 255 } as const;
export const classes = { IN: 1, NONE: 254, ANY: 255 } as const;
export const opcodes = { query: 0, update: 5 } as const;

const headerBytes = 12;
const pointerMark = 0xc0;
const maxNameBytes = 255;
const maxLabelBytes = 63;

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface NewRecord extends Question {
  readonly ttl: number;
  readonly data: Buffer;
}

export interface NewMessage {
  readonly id: number;
  readonly opcode: number;
  readonly question: Question;
  /** What stands in the update section of an update, the authority section of anything else. */
  readonly updates: readonly NewRecord[];
}

export interface DnsRecord extends NewRecord {
  /** Where the record begins. */
  readonly start: number;
  /** Where its data begins: names in it may point to anywhere before. */
  readonly dataStart: number;
}

export interface DnsMessage {
  readonly id: number;
  readonly opcode: number;
  readonly rcode: number;
  readonly isAnswer: boolean;
  readonly isTruncated: boolean;
  readonly questions: readonly Question[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** A message that is none. */
export class MalformedMessage extends Error {}

export function encodeMessage({ id, opcode, question, updates }: NewMessage): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(opcode << 11, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(updates.length, 8);
  return Buffer.concat([header, encodeQuestion(question), ...updates.map(encodeRecord)]);
}

export function encodeRecord({ ttl, data, ...question }: NewRecord): Buffer {
  const middle = Buffer.alloc(6);
  middle.writeUInt32BE(ttl, 0);
  middle.writeUInt16BE(data.length, 4);
  return Buffer.concat([encodeQuestion(question), middle, data]);
}

function encodeQuestion(question: Question): Buffer {
  const end = Buffer.alloc(4);
  end.writeUInt16BE(question.type, 0);
  end.writeUInt16BE(question.class, 2);
  return Buffer.concat([encodeName(question.name), end]);
}

/** A name of letters, digits, `-` and `_`, without compression. Throws RangeError when a label or all is too long. */
export function encodeName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.').map((label) => Buffer.from(label, 'latin1'));
  if (labels.some(({ length }) => length === 0 || length > maxLabelBytes)) throw new RangeError(`no DNS name: ${name}`);
  const parts = labels.flatMap((label) => [Buffer.of(label.length), label]);
  const encoded = Buffer.concat([...parts, Buffer.of(0)]);
  if (encoded.length > maxNameBytes) throw new RangeError(`no DNS name: ${name}`);
  return encoded;
}

/** The data of a TXT record: strings of up to 255 bytes. */
export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 255) {
    const part = bytes.subarray(at, at + 255);
    parts.push(Buffer.of(part.length), part);
  }
  return Buffer.concat(parts);
}

/** Throws MalformedMessage and nothing else. */
export function decodeMessage(bytes: Buffer): DnsMessage {
  if (bytes.length < headerBytes) throw new MalformedMessage('it is shorter than its header');
  const flags = bytes.readUInt16BE(2);
  const reader = new Reader(bytes, headerBytes);
  return {
    id: bytes.readUInt16BE(0),
    opcode: (flags >> 11) & 15,
    rcode: flags & 15,
    isAnswer: (flags & 0x8000) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    // In this order: each section begins where the one before it ends.
    questions: reader.many(bytes.readUInt16BE(4), () => reader.question()),
    answers: reader.many(bytes.readUInt16BE(6), () => reader.record()),
    authorities: reader.many(bytes.readUInt16BE(8), () => reader.record()),
    additionals: reader.many(bytes.readUInt16BE(10), () => reader.record()),
  };
}

/** Reads numbers, names and records one after the other. Throws MalformedMessage where the bytes end too early. */
export class Reader {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Bounded by the bytes: each item takes some of them. */
  many<T>(count: number, read: () => T): T[] {
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read());
    return items;
  }

  question(): Question {
    return { name: this.name(), type: this.number(2), class: this.number(2) };
  }

  record(): DnsRecord {
    const start = this.at;
    const question = this.question();
    const ttl = this.number(4);
    const length = this.number(2);
    const dataStart = this.at;
    return { start, ...question, ttl, dataStart, data: this.take(length) };
  }

  /** A whole number of up to six bytes. */
  number(length: number): number {
    return this.take(length).readUIntBE(0, length);
  }

  take(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw new MalformedMessage('it ends too early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** In lower case; bytes that no host name has stand as `\ddd`. Pointers lead backwards only, so it ends. */
  name(): string {
    const labels: string[] = [];
    let length = 1;
    let earliest = this.at;
    let after: number | undefined;
    for (;;) {
      const size = this.number(1);
      if (size === 0) break;
      if (size >= pointerMark) {
        const target = ((size & ~pointerMark) << 8) | this.number(1);
        if (target >= earliest) throw new MalformedMessage('a name in it points forwards');
        after ??= this.at;
        earliest = target;
        this.at = target;
        continue;
      }
      if (size > maxLabelBytes) throw new MalformedMessage('a label in it is of an unknown kind');
      length += size + 1;
      if (length > maxNameBytes) throw new MalformedMessage('a name in it is too long');
      labels.push(readableLabel(this.take(size)));
    }
    this.at = after ?? this.at;
    return labels.join('.');
  }
}

function readableLabel(bytes: Buffer): string {
  const numbered = (char: string): string => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`;
  return bytes
    .toString('latin1')
    .toLowerCase()
    .replace(/[^a-z0-9_*-]/g, numbered);
}
