// What a record may show of what a client sent: texts are cut, and values of fields named in `logs.redact` never appear.
import type { AuditPart } from '../config/config.ts';

/** Characters of one value in a record of findings. */
const MAX_VALUE = 512;
const MAX_AUDIT_BODY = 4_096;
const HIDDEN = '[redacted]';

export interface AuditSource {
  readonly request: { readonly method: string; readonly target: string; readonly headers: readonly string[] };
}

export interface FindingTexts {
  /** `REQUEST_HEADERS:Cookie`. */
  readonly target: string;
  readonly value: string;
  readonly matched: string;
  readonly msg: string;
  readonly data: string;
}

export class Redaction {
  readonly #names: ReadonlySet<string>;
  readonly #parts: readonly AuditPart[];
  /** `name=value` within longer texts. */
  readonly #pairs: RegExp | undefined;

  constructor(names: readonly string[], parts: readonly AuditPart[]) {
    this.#names = new Set(names);
    this.#parts = parts;
    const quoted = names.map((name) => name.replace(/[^\w-]/g, '\\$&')).join('|');
    this.#pairs =
      names.length === 0 ? undefined : new RegExp(`((?:^|[?&;,\\s"'])(?:${quoted})["']?[=:]\\s*)[^&;\\s"']+`, 'gi');
  }

  /** The texts of a finding as they are shown. Of a secret value nothing is, also not where a message quotes it. */
  finding({ target, value, matched, msg, data }: FindingTexts): FindingTexts {
    if (this.#isSecret(target)) {
      const plain = [value, matched]
        .filter((secret) => secret !== '')
        .reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), msg);
      return { target, value: HIDDEN, matched: HIDDEN, msg: this.#text(plain), data: data === '' ? '' : HIDDEN };
    }
    return {
      target,
      value: this.#text(value),
      matched: this.#text(matched),
      msg: this.#text(msg),
      data: this.#text(data),
    };
  }

  /** Parts of the exchange for a record of findings. */
  audit(
    { request }: AuditSource,
    { requestBody, responseHeaders }: { readonly requestBody: Buffer; readonly responseHeaders: readonly string[] },
  ): Record<string, unknown> {
    const shows = (part: AuditPart): boolean => this.#parts.includes(part);
    if (this.#parts.length === 0) return {};
    return {
      request: {
        line: this.#text(`${request.method} ${request.target}`),
        ...(shows('request-headers') ? { headers: this.#headers(request.headers) } : {}),
        ...(shows('request-body')
          ? { body: this.#text(requestBody.toString('latin1', 0, MAX_AUDIT_BODY), MAX_AUDIT_BODY) }
          : {}),
      },
      ...(shows('response-headers') ? { response: { headers: this.#headers(responseHeaders) } } : {}),
    };
  }

  #text(text: string, limit: number = MAX_VALUE): string {
    const shown = this.#pairs === undefined ? text : text.replace(this.#pairs, `$1${HIDDEN}`);
    return shown.length > limit ? `${shown.slice(0, limit)}…` : shown;
  }

  #headers(headers: readonly string[]): string[] {
    const lines: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = this.#names.has(name.toLowerCase()) ? HIDDEN : this.#text(headers[i + 1] as string);
      lines.push(`${name}: ${value}`);
    }
    return lines;
  }

  #isSecret(target: string): boolean {
    const mark = target.indexOf(':');
    const variable = mark === -1 ? target : target.slice(0, mark);
    if (variable === 'REQUEST_COOKIES')
      return this.#names.has('cookie') || this.#names.has(target.slice(mark + 1).toLowerCase());
    return mark !== -1 && this.#names.has(target.slice(mark + 1).toLowerCase());
  }
}
