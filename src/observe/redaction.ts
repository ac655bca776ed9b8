// What a record may show of what a client sent: texts are cut, and values of fields named in `logs.redact` never appear.
import { readableText } from '../base/text.ts';
import type { AuditPart } from '../config/config.ts';
import { hideNamed } from './hide-named.ts';
import { maskJson } from './mask-json.ts';
import { SecretNames } from './secret-names.ts';
import { Secrets } from './secrets.ts';

/** Characters of one value in a record of findings. */
const MAX_VALUE = 512;
const MAX_LABEL = 256;
const MAX_AUDIT_BODY = 4_096;
/** Of a longer text this many times what is shown is looked through. */
const WINDOW = 4;
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
  readonly raw: string;
  readonly fields: readonly string[];
}

export class Redaction {
  readonly #names: SecretNames;
  readonly #parts: readonly AuditPart[];

  constructor(names: readonly string[], parts: readonly AuditPart[]) {
    this.#names = new SecretNames(names);
    this.#parts = parts;
  }

  /** What the fields of an exchange hold that no text may show. Flat lists of fields. */
  secretsOf(...lists: readonly (readonly string[])[]): Secrets {
    return new Secrets(lists, this.#names);
  }

  /**
   * The texts of a finding as they are shown. Of a secret value nothing is: not where another text quotes it, and what
   * a rule made of it (a part, another case, decoded) is not filled into the message, which `template` is.
   */
  finding(found: FindingTexts, template: string, secrets: Secrets): FindingTexts {
    const { data } = found;
    const target = cut(found.target);
    const fields = found.fields.map(cut);
    if (this.#isSecret(found.target)) {
      const value = { value: HIDDEN, matched: HIDDEN, raw: HIDDEN };
      return { target, ...value, msg: template, data: data === '' ? '' : HIDDEN, fields };
    }
    const shown = (text: string): string => secrets.shown(windowOf(text), (window) => this.#text(window, secrets));
    const value = shown(found.value);
    return {
      target,
      value,
      matched: shown(found.matched),
      raw: found.raw === found.value ? value : shown(found.raw),
      msg: shown(found.msg),
      data: shown(data),
      fields,
    };
  }

  /** Parts of the exchange for a record of findings. */
  audit(
    { request }: AuditSource,
    { requestBody, responseHeaders }: { readonly requestBody: Buffer; readonly responseHeaders: readonly string[] },
    secrets: Secrets,
  ): Record<string, unknown> {
    const shows = (part: AuditPart): boolean => this.#parts.includes(part);
    if (this.#parts.length === 0) return {};
    return {
      request: {
        line: this.#text(`${request.method} ${request.target}`, secrets),
        ...(shows('request-headers') ? { headers: this.#headers(request.headers, secrets) } : {}),
        ...(shows('request-body')
          ? {
              body: this.#text(requestBody.toString('latin1', 0, WINDOW * MAX_AUDIT_BODY + 1), secrets, MAX_AUDIT_BODY),
            }
          : {}),
      },
      ...(shows('response-headers') ? { response: { headers: this.#headers(responseHeaders, secrets) } } : {}),
    };
  }

  #text(text: string, secrets: Secrets, limit: number = MAX_VALUE): string {
    const window = text.slice(0, limit * WINDOW);
    const bare = secrets.hide(window, HIDDEN);
    const shown = this.#names.isEmpty ? bare : this.#withoutNamed(bare);
    if (window.length < text.length) {
      // The window may end within a secret, which is then none that would be found.
      return `${readableText(shown.slice(0, Math.max(0, shown.length - secrets.length)).slice(0, limit))}…`;
    }
    return shown.length > limit ? `${readableText(shown.slice(0, limit))}…` : readableText(shown);
  }

  #withoutNamed(text: string): string {
    const json = text.includes('"') ? maskJson(text, this.#names, HIDDEN, (value) => value) : text;
    return hideNamed(json, this.#names, HIDDEN);
  }

  #headers(headers: readonly string[], secrets: Secrets): string[] {
    const lines: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = this.#names.has(name) ? HIDDEN : this.#text(headers[i + 1] as string, secrets);
      lines.push(`${name}: ${value}`);
    }
    return lines;
  }

  #isSecret(target: string): boolean {
    const mark = target.indexOf(':');
    // Names are no values.
    if (mark === -1 || target.slice(0, mark).endsWith('_NAMES')) return false;
    if (target.slice(0, mark) === 'REQUEST_COOKIES' && this.#names.has('cookie')) return true;
    // The key of a value within JSON is the way to it: `json.user.password`; in a form it may be `user[password]`.
    return this.#names.has(target.slice(mark + 1));
  }
}

/** As much of a text as is looked through, and one character more where there is more. */
function windowOf(text: string): string {
  return text.slice(0, MAX_VALUE * WINDOW + 1);
}

/** A client may give a field a name of any length. */
function cut(label: string): string {
  return label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL)}…` : label;
}
