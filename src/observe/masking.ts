// What of a recorded request may be kept: values of named fields are put out of sight in a way that leaves the form of the
// request whole, so that rules can still be tried on it.
import { Secrets } from './secrets.ts';

const MARK = 'redacted';

export interface MaskedRequest {
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
}

export class Masking {
  readonly #names: ReadonlySet<string>;
  readonly #json: RegExp;
  readonly #multipart: RegExp;
  readonly #xml: RegExp;

  /** Names in lower case: of headers, cookies, parameters, and members of bodies. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names);
    const any = `(?:${names.length === 0 ? '(?!)' : names.map((name) => name.replace(/[^\w-]/g, '\\$&')).join('|')})`;
    this.#json = new RegExp(`("${any}"\\s{0,99}:\\s{0,99})(?:"(?:[^"\\\\]|\\\\.)*"?|[^\\s"',}\\]{[]+)`, 'gis');
    this.#multipart = new RegExp(
      `(name="(?:[^"\\r\\n]{0,99}[.[])?${any}\\]?"\\r?\\n(?:[^\\r\\n]{1,999}\\r?\\n){0,9}\\r?\\n)[^\\r\\n]+`,
      'gi',
    );
    this.#xml = new RegExp(`(<(?:[\\w.-]{1,99}:)?${any}(?:\\s[^<>]{0,999})?>)[^<]+`, 'gi');
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

  #field(name: string, value: string, secrets: Secrets): string {
    const key = name.toLowerCase();
    if (key === 'cookie') return value.replace(/=[^;]*/g, `=${MARK}`);
    return this.#names.has(key) ? MARK : secrets.hide(value, MARK);
  }

  #body(body: string, headers: readonly string[]): string {
    const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'content-type');
    const type = at === -1 ? '' : (headers[at + 1] as string).toLowerCase();
    if (type.includes('urlencoded')) return this.#pairs(body);
    return body
      .replace(this.#json, `$1"${MARK}"`)
      .replace(this.#multipart, `$1${MARK}`)
      .replace(this.#xml, `$1${MARK}`);
  }

  #pairs(text: string): string {
    return text
      .split('&')
      .map((pair) => {
        const equals = pair.indexOf('=');
        return equals !== -1 && this.#isNamed(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=${MARK}` : pair;
      })
      .join('&');
  }

  /** `user[password]` and `login.password` are a password too. */
  #isNamed(written: string): boolean {
    const name = written
      .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .toLowerCase();
    return this.#names.has(name) || name.split(/[.[\]]+/).some((step) => this.#names.has(step));
  }
}
