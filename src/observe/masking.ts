// What of a recorded request may be kept: values of named fields are put out of sight in a way that leaves the form of the
// request whole, so that rules can still be tried on it.
import { percentDecoded } from '../base/text.ts';
import { maskJson } from './mask-json.ts';
import { SecretNames } from './secret-names.ts';
import { Secrets } from './secrets.ts';

const MARK = 'redacted';
/** Texts within texts: JSON in a parameter, a URL in a query of a URL. */
const MAX_DEPTH = 4;
const MULTIPART = /(name="([^"\r\n]{1,200})"\r?\n(?:[^\r\n]{1,999}\r?\n){0,9}\r?\n)[^\r\n]+/gi;
const XML = /(<(?:[\w.-]{1,99}:)?([\w.-]{1,99})(?:\s[^<>]{0,999})?>(?:<!\[CDATA\[)?)[^<\]]+/g;
const ATTRIBUTE = /((?<![\w.-])(?:[\w.-]{1,99}:)?([\w.-]{1,99})\s{0,9}=\s{0,9})(?:"[^"<>]*"?|'[^'<>]*'?)/g;
/** A pair in a query of a URL, or in plain text. */
const PAIR = /((?<![^?&;#\s"'>,(])([\w.[\]%-]{1,200})=)([^?&;#\s"'<>\\]+)/g;

export interface MaskedRequest {
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
}

export class Masking {
  readonly #names: SecretNames;

  /** Names in lower case: of headers, cookies, parameters, and members of bodies. */
  constructor(names: readonly string[]) {
    this.#names = new SecretNames(names);
  }

  /** All are strings of bytes; headers a flat list. */
  request({ target, headers, body }: MaskedRequest): MaskedRequest {
    const secrets = new Secrets([headers], this.#names);
    const mark = target.indexOf('?');
    const path = mark === -1 ? target : target.slice(0, mark);
    const query = mark === -1 ? '' : `?${this.#pairs(target.slice(mark + 1))}`;
    return {
      target: secrets.hide(path + query, MARK),
      headers: headers.map((text, i) => (i % 2 === 0 ? text : this.#field(headers[i - 1] as string, text, secrets))),
      body: body === '' ? '' : secrets.hide(this.#body(body, headers), MARK),
    };
  }

  /** Whether the value that a finding names, `ARGS:user.password`, is one of those that are put out of sight. */
  hides(label: string): boolean {
    const mark = label.indexOf(':');
    const variable = mark === -1 ? label : label.slice(0, mark);
    if (mark === -1 || variable.endsWith('_NAMES')) return false;
    const name = label.slice(mark + 1);
    return variable.endsWith('_COOKIES') || name.toLowerCase() === 'cookie' || this.#names.has(name);
  }

  #field(name: string, value: string, secrets: Secrets): string {
    const key = name.toLowerCase();
    if (key === 'cookie') return value.replace(/=[^;]*/g, `=${MARK}`);
    return this.#names.has(name) ? MARK : secrets.hide(this.#loosePairs(value, 0), MARK);
  }

  #body(body: string, headers: readonly string[]): string {
    const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'content-type');
    const type = at === -1 ? '' : (headers[at + 1] as string).toLowerCase();
    return type.includes('urlencoded') ? this.#pairs(body) : this.#text(body, 0);
  }

  #text(text: string, depth: number): string {
    if (depth > MAX_DEPTH || !/[=:<]/.test(text)) return text;
    const hide = (whole: string, before: string, name: string): string =>
      this.#names.has(name) ? `${before}${MARK}` : whole;
    const quoted = (whole: string, before: string, name: string): string =>
      this.#names.has(name) ? `${before}"${MARK}"` : whole;
    const json = maskJson(text, this.#names, MARK, (value) => this.#text(value, depth + 1));
    const markup = json.replace(MULTIPART, hide).replace(XML, hide).replace(ATTRIBUTE, quoted);
    return this.#loosePairs(markup, depth);
  }

  #pairs(text: string): string {
    return text
      .split('&')
      .map((pair) => {
        const equals = pair.indexOf('=');
        if (equals === -1) return pair;
        const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
        return `${name}=${this.#names.has(percentDecoded(name)) ? MARK : this.#coded(value, 0)}`;
      })
      .join('&');
  }

  #loosePairs(text: string, depth: number): string {
    if (!text.includes('=')) return text;
    return text.replace(PAIR, (_, before: string, name: string, value: string) =>
      this.#names.has(percentDecoded(name)) ? `${before}${MARK}` : `${before}${this.#coded(value, depth)}`,
    );
  }

  /** The value of a pair, which may hold a text of its own: `next=%2Fcb%3Ftoken%3D…`. */
  #coded(value: string, depth: number): string {
    const plain = percentDecoded(value.replaceAll('+', ' '));
    const masked = this.#text(plain, depth + 1);
    if (masked === plain) return value;
    return masked.replace(/[^\w.~-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
  }
}
