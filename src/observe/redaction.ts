// What a record may show of what a client sent: texts are cut, and values of fields named in `logs.redact` never appear.
import type { AuditPart } from '../config/config.ts';
import { SecretNames } from './secrets/names.ts';
import { SecretReading } from './secrets/reading.ts';
import { ShownTexts } from './shown-texts.ts';

const MAX_AUDIT_BODY = 4_096;
/** Of a body that is looked through for what no text may show. */
const MAX_BODY = 65_536;
/** Values of a body that go by no name of their own. */
const NAMELESS = /^(?:XML|INNER_(?:ARGS|FILES|XML)):/;
const HIDDEN = '[redacted]';

/** An exchange; fields are flat lists. */
export interface AuditSource {
  readonly request: { readonly method: string; readonly target: string; readonly headers: readonly string[] };
  /** As much of it as the rules have seen. */
  readonly requestBody: Buffer;
  readonly responseHeaders: readonly string[];
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
  readonly #reading: SecretReading;
  readonly #parts: readonly AuditPart[];

  constructor(names: readonly string[], parts: readonly AuditPart[]) {
    this.#reading = new SecretReading(new SecretNames(names), HIDDEN);
    this.#parts = parts;
  }

  /** What may be shown of an exchange. */
  of(source: AuditSource): Redacted {
    return new Redacted(this.#reading, this.#parts, source);
  }
}

/** One exchange, as records show it. */
export class Redacted {
  readonly #reading: SecretReading;
  readonly #parts: readonly AuditPart[];
  readonly #source: AuditSource;
  /** Its beginning. */
  readonly #body: string;
  readonly #texts: ShownTexts;

  constructor(reading: SecretReading, parts: readonly AuditPart[], source: AuditSource) {
    this.#reading = reading;
    this.#parts = parts;
    this.#source = source;
    const { target, headers } = source.request;
    this.#body = source.requestBody.toString('latin1', 0, MAX_BODY);
    const secrets = reading.secretsOf({ target, headers, body: this.#body }, source.responseHeaders);
    this.#texts = new ShownTexts(reading, secrets);
  }

  /**
   * The texts of a finding as they are shown. Of a secret value nothing is: not where another text quotes it, and what
   * a rule made of it (a part, another case, decoded) is not filled into the message, which `template` is.
   */
  finding(found: FindingTexts, template: string): FindingTexts {
    const texts = this.#texts;
    const target = texts.label(found.target);
    const fields = found.fields.map((label) => texts.label(label));
    const values = this.#isSecret(found.target) ? undefined : texts.values(found);
    const { value = HIDDEN, matched = HIDDEN, raw = HIDDEN } = values ?? {};
    if (matched.includes(HIDDEN)) {
      return { target, value, matched, raw, msg: template, data: found.data === '' ? '' : HIDDEN, fields };
    }
    return { target, value, matched, raw, msg: texts.text(found.msg), data: texts.text(found.data), fields };
  }

  /** Parts of the exchange for a record of findings. */
  audit(): Record<string, unknown> {
    const { request, responseHeaders } = this.#source;
    const shows = (part: AuditPart): boolean => this.#parts.includes(part);
    if (this.#parts.length === 0) return {};
    return {
      request: {
        line: this.#texts.text(`${request.method} ${request.target}`),
        ...(shows('request-headers') ? { headers: this.#headers(request.headers) } : {}),
        ...(shows('request-body') ? { body: this.#texts.text(this.#body, MAX_AUDIT_BODY) } : {}),
      },
      ...(shows('response-headers') ? { response: { headers: this.#headers(responseHeaders) } } : {}),
    };
  }

  /** So is what may be one that was not looked for. */
  #isSecret(target: string): boolean {
    const { names } = this.#reading;
    const isCut = this.#source.requestBody.length > MAX_BODY && !names.isEmpty;
    return names.hasField(target) || (isCut && NAMELESS.test(target));
  }

  #headers(headers: readonly string[]): string[] {
    const lines: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = this.#reading.names.has(name) ? HIDDEN : this.#texts.text(headers[i + 1] as string);
      lines.push(`${this.#texts.name(name)}: ${value}`);
    }
    return lines;
  }
}
