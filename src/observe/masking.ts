// What of a recorded request may be kept: secrets are put out of sight in a way that leaves the form of the request whole, so
// that rules can still be tried on it.
import type { KnownSecrets } from './secrets/known.ts';
import { SecretNames } from './secrets/names.ts';
import { SecretReading, type SentTexts } from './secrets/reading.ts';

const MARK = 'redacted';
/** Names are all that is kept of cookies. */
const COOKIES = /^(?:\w+_COOKIES:|REQUEST_HEADERS:cookie$)/i;

export interface MaskedRequest extends SentTexts {
  /** Names of fields as they are recorded, `ARGS:user.password`. */
  readonly label: (label: string) => string;
}

export class Masking {
  readonly #reading: SecretReading;

  /** Names in lower case: of headers, cookies, parameters, and members of bodies. */
  constructor(names: readonly string[]) {
    this.#reading = new SecretReading(new SecretNames(names.length === 0 ? [] : [...names, 'cookie']), MARK);
  }

  /** All are strings of bytes; headers a flat list. */
  request(sent: SentTexts): MaskedRequest {
    const reading = this.#reading;
    const secrets = reading.secretsOf(sent);
    const { headers } = sent;
    return {
      target: reading.target(sent.target, secrets),
      headers: headers.map((text, i) => (i % 2 === 0 ? text : this.#field(headers[i - 1] as string, text, secrets))),
      body: reading.body(sent, secrets),
      label: (label) => reading.label(label, secrets),
    };
  }

  /** Whether the value that a finding names is one of those that are put out of sight. */
  hides(label: string): boolean {
    return COOKIES.test(label) || this.#reading.names.hasField(label);
  }

  #field(name: string, value: string, secrets: KnownSecrets): string {
    if (name.toLowerCase() === 'cookie') return value.replace(/=[^;]*/g, `=${MARK}`);
    return this.#reading.names.has(name) ? MARK : this.#reading.hide(value, secrets);
  }
}
