// Where a hostile text can stand in a request, cut to the gateway's default bounds: what is longer is refused unread.
import { Buffer } from 'node:buffer';
import type { BenchRequest } from './request.ts';

export const PLACES = ['form', 'json', 'multipart', 'query', 'header', 'cookie', 'name', 'path'] as const;
export type Place = (typeof PLACES)[number];

/** Of a text before it is written into a body: with what stands around it, below `waf.body.inspect`. */
const TEXT_BYTES = 100 * 1024;
const BODY_BYTES = 128 * 1024 - 512;
/** requestLimits.uri is 8 KiB, requestLimits.header 16 KiB for all of the head. */
const TARGET_BYTES = 8 * 1024 - 32;
const FIELD_BYTES = 15 * 1024;

const HEADERS: BenchRequest['headers'] = [
  ['host', 'shop.example.com'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64)'],
  ['accept', '*/*'],
];

/** The text is repeated until it fills its place. */
export function placeText(text: string, place: Place): BenchRequest {
  switch (place) {
    case 'form':
      return form(`text=${fill(text, BODY_BYTES, encodeField)}`);
    case 'name':
      return form(`${fill(text, BODY_BYTES, encodeField)}=1`);
    case 'json':
      return json(`{"text":"${fill(text, BODY_BYTES, encodeJson)}"}`);
    case 'multipart':
      return multipart([fill(text, BODY_BYTES, (plain) => plain.replaceAll('\n--', '\n- '))]);
    case 'query':
      return get(`/?text=${fill(text, TARGET_BYTES, encodeTarget)}`);
    case 'path':
      return get(`/${fill(text, TARGET_BYTES, encodeTarget)}`);
    case 'header':
      return get('/', [['x-text', fill(text, FIELD_BYTES, encodeHeader)]]);
    case 'cookie':
      return get('/', [['cookie', `text=${fill(text, FIELD_BYTES, encodeCookie)}`]]);
  }
}

/** Texts as the fields of a form; those that no longer fit are left out. */
export function placeFields(texts: readonly string[]): BenchRequest {
  const fields = texts.map((text, at) => `${at.toString(36)}=${encodeField(text)}`);
  return form(fields.join('&').slice(0, BODY_BYTES));
}

/** A body as it stands. */
export function form(body: string): BenchRequest {
  return post('application/x-www-form-urlencoded', body);
}

export function json(body: string): BenchRequest {
  return post('application/json', body);
}

export function multipart(values: readonly string[]): BenchRequest {
  const parts = values.map(
    (value, at) => `--worst-bound\r\nContent-Disposition: form-data; name="f${at}"\r\n\r\n${value}\r\n`,
  );
  return post('multipart/form-data; boundary=worst-bound', `${parts.join('')}--worst-bound--\r\n`);
}

export function get(target: string, more: BenchRequest['headers'] = []): BenchRequest {
  return { method: 'GET', target, headers: [...HEADERS, ...more], body: Buffer.alloc(0) };
}

function post(contentType: string, text: string): BenchRequest {
  const body = Buffer.from(text, 'latin1');
  const more = [
    ['content-type', contentType],
    ['content-length', String(body.length)],
  ] as const;
  return { method: 'POST', target: '/worst', headers: [...HEADERS, ...more], body };
}

/** As much of the repeated text as its encoded form leaves room for; no escape is cut. */
function fill(text: string, bytes: number, encode: (text: string) => string): string {
  const most = Math.min(bytes, TEXT_BYTES);
  const plain = text.length >= most ? text.slice(0, most) : text.repeat(Math.ceil(most / text.length)).slice(0, most);
  const encoded = encode(plain);
  if (encoded.length <= bytes) return encoded;
  const share = Math.floor((plain.length * bytes) / encoded.length);
  return encode(plain.slice(0, share))
    .slice(0, bytes)
    .replace(/%.?$|\\[^"]{0,4}$/, '');
}

function encodeField(text: string): string {
  return text.replaceAll(/[%&+#=]/g, percent).replaceAll(' ', '+');
}

function encodeTarget(text: string): string {
  return text.replaceAll(/[^!$'()*,\-./0-9:;<>@A-Z[\]^_`a-z{|}~]/g, percent);
}

function encodeHeader(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ' ').trim();
}

function encodeCookie(text: string): string {
  return encodeHeader(text).replaceAll(/[;=]/g, ',');
}

/** Bytes above 0x7f are written as escapes: JSON is UTF-8, and a lone byte would end it. */
function encodeJson(text: string): string {
  return text.replaceAll(/[^ !#-[\]-~]/g, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
