// The values of one exchange that no text may show, wherever a rule or a message quotes them.
import type { SecretNames } from './secret-names.ts';

/** What is shorter is no secret, and hiding it would tear holes into every text. */
const MIN_SECRET = 4;
/** Of one exchange; a client can send many cookies. */
const MAX_SECRETS = 100;

export class Secrets {
  /** In lower case, the longest first: a whole field before its parts. */
  readonly #texts: readonly string[];
  /** Texts as they are shown, by what they were: many rules quote the same value. */
  readonly #shown = new Map<string, string>();

  /** From flat lists of fields, of those that are named. */
  constructor(lists: readonly (readonly string[])[], names: SecretNames) {
    const found = new Set<string>();
    for (const fields of lists) {
      for (let i = 0; i < fields.length; i += 2) {
        const written = fields[i] as string;
        const name = written.toLowerCase();
        if (names.has(written))
          for (const text of partsOf(name, fields[i + 1] as string)) found.add(text.toLowerCase());
      }
    }
    this.#texts = [...found]
      .filter((text) => text.length >= MIN_SECRET)
      .sort((a, b) => b.length - a.length)
      .slice(0, MAX_SECRETS);
  }

  /** Of the longest; 0: there are none. */
  get length(): number {
    return this.#texts[0]?.length ?? 0;
  }

  /** What `show` makes of a text, worked out once. */
  shown(text: string, show: (text: string) => string): string {
    let shown = this.#shown.get(text);
    if (shown === undefined) {
      shown = show(text);
      this.#shown.set(text, shown);
    }
    return shown;
  }

  /** The text with every secret replaced, in whatever case it stands there. */
  hide(text: string, mark: string): string {
    if (this.#texts.length === 0) return text;
    const folded = text.toLowerCase();
    const found = this.#texts.filter((secret) => folded.includes(secret));
    return found.reduce((rest, secret) => replaceFolded(rest, secret, mark), text);
  }
}

/** The whole value, and what alone would be enough to use it. */
function partsOf(name: string, value: string): string[] {
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
