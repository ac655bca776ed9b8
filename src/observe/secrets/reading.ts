// Where secrets stand in what a client sent: the one reading that log records and recorded traffic have in common, so that
// what one hides the other hides.
import { formDecoded } from './coding.ts';
import { type Found, KnownSecrets, secretParts } from './known.ts';
import type { SecretNames } from './names.ts';
import { Scan } from './scan.ts';

/** Texts within texts: JSON in a parameter, a URL in a query of a URL. */
const MAX_DEPTH = 4;
/** Values of one exchange that are noted, before the longest are chosen. */
const MAX_FOUND = 1_000;
const PAIRS = /=|%3d/i;
const ORDINARY_LABEL = /^\w+(?::[\w.[\]*/@-]{0,64})?$/;
/** Pieces of a secret, where a form takes it for several fields. */
const MAX_PIECES = 16;
/** Without any of these there is neither a name nor a code. */
const SIGNS = /[=:<%]/;

/** A request as byte strings; headers a flat list. */
export interface SentTexts {
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
}

interface Reader {
  readonly known: KnownSecrets;
  readonly found: Found | undefined;
}

const NOTHING = new KnownSecrets(new Set());

export class SecretReading {
  readonly names: SecretNames;
  readonly mark: string;

  /** `mark` stands in place of what is hidden. */
  constructor(names: SecretNames, mark: string) {
    this.names = names;
    this.mark = mark;
  }

  /** What a request holds, and further flat lists of headers, that no text may show. */
  secretsOf({ target, headers, body }: SentTexts, ...others: readonly (readonly string[])[]): KnownSecrets {
    const [secrets, pieces] = [new Set<string>(), new Set<string>()];
    const found = (secret: string): void => {
      if (secrets.size >= MAX_FOUND) return;
      // Rules may see it decoded once more than it is meant.
      secrets.add(secret).add(formDecoded(secret));
    };
    const foundInForm = (secret: string): void => {
      found(secret);
      const parts = secret.split(/[&=]/, MAX_PIECES);
      if (parts.length > 1) for (const part of parts) pieces.add(part).add(formDecoded(part));
    };
    const reader = { known: NOTHING, found };
    const formReader = { known: NOTHING, found: foundInForm };
    for (const list of [headers, ...others]) {
      for (let i = 0; i < list.length; i += 2) {
        const [name, value] = [list[i] as string, list[i + 1] as string];
        if (this.names.has(name)) for (const part of secretParts(name.toLowerCase(), value)) found(part);
        else this.#read(value, 0, reader, false);
      }
    }
    const { path, query } = partsOf(target);
    this.#readPath(path, reader);
    this.#read(query, 0, formReader, true);
    this.#read(body, 0, isForm(headers) ? formReader : reader, isForm(headers));
    return new KnownSecrets(secrets, pieces);
  }

  /** The text without secrets, named or known. */
  hide(text: string, known: KnownSecrets): string {
    return this.#hide(text, known, false);
  }

  target(target: string, known: KnownSecrets): string {
    const { path, query } = partsOf(target);
    const named = this.#readPath(path, { known, found: undefined });
    return known.hide(named, this.mark) + this.#hide(query, known, true);
  }

  body({ headers, body }: SentTexts, known: KnownSecrets): string {
    return this.#hide(body, known, isForm(headers));
  }

  /** `ARGS:name`; a name may be a text of its own, as where JSON was sent as a form. One that is none says what is meant. */
  label(label: string, known: KnownSecrets): string {
    const name = label.indexOf(':') + 1;
    if (ORDINARY_LABEL.test(label) && !known.hasPiece(label.slice(name))) return label;
    return label.slice(0, name) + this.#hide(label.slice(name), known, false);
  }

  #hide(text: string, known: KnownSecrets, isForm: boolean): string {
    if (this.names.isEmpty) return text;
    return known.hide(this.#read(text, 0, { known, found: undefined }, isForm), this.mark);
  }

  /** Without pairs it has no names: in `/token:refresh` there is none. */
  #readPath(path: string, reader: Reader): string {
    return PAIRS.test(path) ? this.#read(path, 0, reader, false) : path;
  }

  #read(text: string, depth: number, reader: Reader, isForm: boolean): string {
    if (this.names.isEmpty || !SIGNS.test(text)) return text;
    const { known, found } = reader;
    const within = (inner: string, isCoded: boolean): string => {
      const shown = this.#read(inner, depth + 1, reader, false);
      // What is not coded the text around it shows as it is.
      return isCoded ? known.hide(shown, this.mark) : shown;
    };
    const knownEnd = (whole: string, at: number): number => known.endAt(whole, at);
    const { names, mark } = this;
    const terms = { names, mark, isForm, found, knownEnd, within: depth === MAX_DEPTH ? undefined : within };
    return new Scan(text, terms).hidden();
  }
}

/** The query with its mark. */
function partsOf(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark === -1 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark) };
}

function isForm(headers: readonly string[]): boolean {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'content-type');
  return at !== -1 && (headers[at + 1] as string).toLowerCase().includes('urlencoded');
}
