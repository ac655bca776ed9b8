// The values of one exchange that no text may show, wherever a rule or a message quotes them.

/** What is shorter is no secret, and hiding it would tear holes into every text. */
const MIN_SECRET = 4;
/** Of one exchange; a client can send many. */
const MAX_SECRETS = 100;
const MAX_ODD = 512;
const MAX_TRIES = 64;
/** What fills in for a value, or stands for its name: every other text has it. */
const COMMON = new Set(['true', 'false', 'null', 'undefined', 'password', 'passwd', 'secret', 'token']);

export type Found = (secret: string) => void;

export class KnownSecrets {
  /** In lower case, the longest first: a whole field before its parts. */
  readonly #texts: readonly string[];
  readonly #pieces: ReadonlySet<string>;
  /** Those that hold what may end a value. */
  readonly #odd: readonly string[];

  /** `pieces`: of secrets, where a form falls to pieces within them. */
  constructor(found: ReadonlySet<string>, pieces: ReadonlySet<string> = new Set()) {
    const texts = new Set(Array.from(found.union(pieces), (text) => text.toLowerCase()));
    this.#texts = [...texts]
      .filter((text) => text.length >= MIN_SECRET && !COMMON.has(text))
      .sort((a, b) => b.length - a.length)
      .slice(0, MAX_SECRETS);
    this.#pieces = pieces;
    this.#odd = this.#texts.filter((text) => text.length <= MAX_ODD && /[\s&;#"'<>]/.test(text));
  }

  /** Where a secret begins that the end of the text cuts off, or may begin; the length of the text when none does. */
  cutAt(text: string): number {
    const folded = text.toLowerCase();
    const starts = this.#texts.map((secret) => cutStart(folded, secret));
    return Math.min(text.length, ...starts);
  }

  /** Where the secret ends that begins at `at`, if it has signs that end others; `at`: there is none. */
  endAt(text: string, at: number): number {
    if (this.#odd.length === 0) return at;
    const folded = text.slice(at, at + MAX_ODD).toLowerCase();
    return at + (this.#odd.find((secret) => folded.startsWith(secret))?.length ?? 0);
  }

  /** Whether a form has it as a name because a secret fell to pieces. */
  hasPiece(name: string): boolean {
    return this.#pieces.has(name);
  }

  /** Whether it is a part of one. */
  quotes(part: string): boolean {
    const folded = part.toLowerCase();
    return this.#texts.some((secret) => secret.includes(folded));
  }

  /** The text with every secret replaced, in whatever case it stands there. */
  hide(text: string, mark: string): string {
    if (text.length < (this.#texts.at(-1)?.length ?? Number.POSITIVE_INFINITY)) return text;
    const folded = text.toLowerCase();
    const found = this.#texts.filter((secret) => folded.includes(secret));
    return found.reduce((rest, secret) => replaceFolded(rest, secret, mark), text);
  }
}

function cutStart(folded: string, secret: string): number {
  const opening = secret.slice(0, MIN_SECRET);
  let at = folded.indexOf(opening, folded.length - secret.length);
  for (let tries = 0; at !== -1 && tries < MAX_TRIES; tries++) {
    if (secret.startsWith(folded.slice(at))) return at;
    at = folded.indexOf(opening, at + 1);
  }
  return at === -1 ? folded.length : at;
}

/** Of a header's value: the whole, and what alone would be enough to use it. */
export function secretParts(name: string, value: string): string[] {
  if (name === 'cookie') return [value, ...value.split(';').flatMap(valueOfPair)];
  if (name === 'set-cookie') return [value, ...valueOfPair(value.split(';', 1)[0] as string)];
  const credentials = /^[\w-]+ +(.+)$/.exec(value)?.[1];
  return credentials === undefined ? [value] : [value, credentials];
}

function valueOfPair(pair: string): string[] {
  const value = pair.slice(pair.indexOf('=') + 1).trim();
  return [value, value.replaceAll('"', '')];
}

function replaceFolded(text: string, secret: string, mark: string): string {
  const folded = text.toLowerCase();
  let at = folded.indexOf(secret);
  if (at === -1) return text;
  let shown = '';
  let from = 0;
  for (; at !== -1; at = folded.indexOf(secret, from)) {
    shown += text.slice(from, at) + mark;
    from = at + secret.length;
  }
  return shown + text.slice(from);
}
