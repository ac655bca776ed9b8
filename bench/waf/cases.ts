// What is measured: a kind of request is one entry here. With new values each request differs in every value that
// differs between requests in life, header values included; names, the host and the headers that say the same in every
// request of a browser stay. A case that is not an attack must score nothing.
import { Buffer } from 'node:buffer';
import type { BenchRequest } from './request.ts';
import { Writer } from './words.ts';

export interface Case {
  /** For --only. */
  readonly name: string;
  readonly title: string;
  readonly isAttack: boolean;
  /** How many requests with new values: more distinct values than a cache of values could keep. */
  readonly pool: number;
  /** `tail` ends the last value of the request: nothing, or what must be found there. */
  readonly write: (writer: Writer, tail: string) => BenchRequest;
}

export const cases: readonly Case[] = [
  { name: 'get', title: 'GET, 5 arguments, 14 headers, 5 cookies', isAttack: false, pool: 4000, write: getPage },
  { name: 'form', title: 'form of 1 KiB, 12 fields', isAttack: false, pool: 2000, write: postForm },
  {
    name: 'json4k',
    title: 'JSON of 4 KiB, 40 items',
    isAttack: false,
    pool: 600,
    write: (writer, tail) => postJson(writer, tail, 40, 4096),
  },
  {
    name: 'json100k',
    title: 'JSON of 100 KiB, 1000 items',
    isAttack: false,
    pool: 32,
    write: (writer, tail) => postJson(writer, tail, 1000, KIB_100),
  },
  {
    name: 'upload100k',
    title: 'multipart, 3 fields and a file of 100 KiB',
    isAttack: false,
    pool: 32,
    write: upload,
  },
  { name: 'text100k', title: 'form with a text of 100 KiB', isAttack: false, pool: 32, write: postText },
  { name: 'attack', title: 'GET with SQL injection and XSS, logged', isAttack: true, pool: 2000, write: attack },
];

/** The requests of a case with new values, or the one that is repeated; the same in every run. */
export function writeRequests(entry: Case, isNew: boolean): BenchRequest[] {
  const writer = writerOf(entry);
  return Array.from({ length: isNew ? entry.pool : 1 }, () => entry.write(writer, ''));
}

/** A request of the case with an attack as the very last thing in it: a side that misses it has not looked at all. */
export function writeTailAttack(entry: Case): BenchRequest {
  return entry.write(writerOf(entry), ' <script>alert(document.cookie)</script>');
}

function writerOf({ name }: Case): Writer {
  return new Writer(Buffer.from(name).reduce((seed, code) => seed * 31 + code, 7));
}

const KIB_100 = 100 * 1024;
const HOST = 'shop.example.com';

function getPage(writer: Writer, tail: string): BenchRequest {
  const query = pairs([
    ['q', writer.label()],
    ['category', writer.words(2)],
    ['page', writer.digits(3)],
    ['view', `${writer.word()}-${writer.digits(4)}`],
    ['ref', `${writer.id(16)}${tail}`],
  ]);
  return { method: 'GET', target: `${path(writer)}?${query}`, headers: browserHeaders(writer), body: Buffer.alloc(0) };
}

function attack(writer: Writer): BenchRequest {
  const query = pairs([
    ['q', `${writer.digits(4)}' UNION ALL SELECT ${writer.word()}, password FROM users WHERE '1'='1`],
    ['category', `<script>alert(document.cookie)</script>${writer.digits(4)}`],
    ['page', writer.digits(3)],
    ['view', `${writer.word()}-${writer.digits(4)}`],
    ['ref', writer.id(16)],
  ]);
  return { method: 'GET', target: `${path(writer)}?${query}`, headers: browserHeaders(writer), body: Buffer.alloc(0) };
}

function postForm(writer: Writer, tail: string): BenchRequest {
  const fields: [string, string][] = [
    ['first_name', capital(writer.word())],
    ['last_name', capital(writer.word())],
    ['email', `${writer.word()}.${writer.id(6)}@example.com`],
    ['street', `${capital(writer.word())} ${writer.word()} ${writer.digits(3)}`],
    ['city', capital(writer.word())],
    ['postcode', writer.digits(5)],
    ['phone', `0${writer.digits(9)}`],
    ['company', `${capital(writer.word())} ${capital(writer.word())}`],
    ['subject', writer.words(5)],
    ['newsletter', writer.of(['yes', 'no'])],
    ['token', writer.id(32)],
  ];
  const left = 1024 - pairs([...fields, ['message', tail]]).length;
  return postUrlencoded(writer, [...fields, ['message', `${writer.prose(left).trim()}${tail}`]]);
}

function postText(writer: Writer, tail: string): BenchRequest {
  const left = KIB_100 - pairs([['text', tail]]).length;
  return postUrlencoded(writer, [['text', `${writer.prose(left)}${tail}`]]);
}

/** 20 scalars beside four for each item; the last one fills up to the length. */
function postJson(writer: Writer, tail: string, items: number, bytes: number): BenchRequest {
  const order = {
    id: writer.id(12),
    number: Number(writer.digits(7)),
    paid: true,
    gift: null,
    customer: {
      name: `${capital(writer.word())} ${capital(writer.word())}`,
      email: `${writer.word()}.${writer.id(5)}@example.com`,
      phone: `0${writer.digits(9)}`,
      since: Number(writer.digits(4)),
      address: { street: writer.words(2), city: writer.word(), postcode: writer.digits(5), country: 'NL' },
    },
    delivery: { window: writer.words(2), floor: writer.below(20), express: false, label: writer.label() },
    total: writer.below(100_000) / 100,
    rate: writer.below(1000) / 1000,
    items: Array.from({ length: items }, () => ({
      sku: writer.id(8),
      name: writer.label(),
      count: writer.below(900),
      price: writer.below(10_000) / 100,
    })),
    channel: writer.word(),
    note: tail,
  };
  const left = bytes - JSON.stringify(order).length;
  const body = Buffer.from(JSON.stringify({ ...order, note: `${writer.prose(Math.max(0, left)).trim()}${tail}` }));
  return post(writer, 'application/json', body);
}

/** A field follows the file: what stands behind it must be found, too. */
function upload(writer: Writer, tail: string): BenchRequest {
  const boundary = `----WebKitFormBoundary${writer.id(16)}`;
  const field = (name: string, value: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const head = [
    field('album', writer.words(2)),
    field('title', writer.label()),
    `--${boundary}\r\nContent-Disposition: form-data; name="photo"; filename="${writer.word()}-${writer.digits(5)}.jpg"\r\n`,
    'Content-Type: image/jpeg\r\n\r\n',
  ].join('');
  const last = `\r\n${field('caption', `${writer.prose(120).trim()}${tail}`)}--${boundary}--\r\n`;
  const body = Buffer.concat([Buffer.from(head), writer.bytes(KIB_100), Buffer.from(last)]);
  return post(writer, `multipart/form-data; boundary=${boundary}`, body);
}

function postUrlencoded(writer: Writer, fields: readonly (readonly [string, string])[]): BenchRequest {
  return post(writer, 'application/x-www-form-urlencoded', Buffer.from(pairs(fields)));
}

function post(writer: Writer, contentType: string, body: Buffer): BenchRequest {
  const headers: [string, string][] = [
    ...browserHeaders(writer),
    ['content-type', contentType],
    ['content-length', String(body.length)],
  ];
  return { method: 'POST', target: path(writer), headers, body };
}

/** 14 of them, as a browser sends them over HTTP/2, all lower case. */
function browserHeaders(writer: Writer): [string, string][] {
  const version = `${100 + writer.below(40)}`;
  const build = `${version}.0.${writer.digits(4)}.${writer.digits(2)}`;
  const cookies = [
    `sid=${writer.id(32)}`,
    `theme=${writer.word()}-${writer.digits(3)}`,
    `visit=${writer.digits(13)}`,
    `cart=${writer.id(20)}`,
    `seen=${writer.word()}.${writer.digits(6)}`,
  ];
  return [
    ['host', HOST],
    [
      'user-agent',
      `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${build} Safari/537.36`,
    ],
    ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
    ['accept-language', `en-GB,en;q=0.${1 + writer.below(9)},nl;q=0.${1 + writer.below(9)}`],
    ['accept-encoding', 'gzip, deflate, br'],
    ['referer', `https://${HOST}${path(writer)}?q=${writer.word()}&page=${writer.digits(3)}`],
    ['cookie', cookies.join('; ')],
    ['sec-ch-ua-platform', '"Linux"'],
    ['upgrade-insecure-requests', '1'],
    ['sec-fetch-dest', 'document'],
    ['sec-fetch-mode', 'navigate'],
    ['sec-fetch-site', 'same-origin'],
    ['if-none-match', `"${writer.id(24)}"`],
    ['x-request-id', writer.id(32)],
  ];
}

function path(writer: Writer): string {
  return `/${writer.word()}/${writer.word()}-${writer.digits(5)}`;
}

/** As a browser's form writes them. */
function pairs(fields: readonly (readonly [string, string])[]): string {
  return new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString();
}

function capital(word: string): string {
  return `${word[0]?.toUpperCase()}${word.slice(1)}`;
}
