// Which names stand for values that nobody is to see: those that the operator says, and words that always mean a secret.

/** Parts of a name, between small and capital letters, dashes, points and the like. */
const WORDS = /passw(?:or)?d|(?:^|[^a-z])(?:secret|token|api[-_]?key|authorization)(?![a-z])/;
/** What every name with such a part has in it, wherever its words part. */
const MAY_HAVE_WORDS = /passw|secret|token|api|auth/;
const MIN_WORD = 5;
const STEPS = /[.[\]]+/;
/** What a name cannot be longer than to be looked at as words, and at all: beyond, it is taken for a secret. */
const MAX_NAME = 500;
const MAX_LOOKED_AT = 4_096;

export class SecretNames {
  readonly #names: ReadonlySet<string>;

  /** In lower case. Without any nothing is a secret, words included. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  /** `user[password]`, `login.password`, `newPassword` and `X-Auth-Token` are secrets too. */
  has(name: string): boolean {
    if (this.isEmpty) return false;
    if (name.length > MAX_LOOKED_AT) return true;
    const lower = name.toLowerCase();
    if (this.#names.has(lower)) return true;
    if (STEPS.test(lower) && lower.split(STEPS).some((step) => this.#names.has(step))) return true;
    if (name.length < MIN_WORD || !MAY_HAVE_WORDS.test(lower)) return false;
    const words = name
      .slice(0, MAX_NAME)
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toLowerCase();
    return WORDS.test(words);
  }

  /** Whether a field's value is one: `ARGS:user.password`, `REQUEST_COOKIES:sid`. Names are no values. */
  hasField(label: string): boolean {
    const mark = label.indexOf(':');
    const variable = label.slice(0, Math.max(mark, 0));
    if (mark === -1 || variable.endsWith('_NAMES')) return false;
    return (variable.endsWith('_COOKIES') && this.#names.has('cookie')) || this.has(label.slice(mark + 1));
  }
}
