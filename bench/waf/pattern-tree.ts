// A pattern (PCRE) as a tree, as far as it takes to write texts that match it. Assertions other than groups are left
// out: a text that nearly matches is good enough here.

export type PatternNode =
  /** One of these characters. */
  | { readonly kind: 'set'; readonly members: string }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly of: PatternNode; readonly least: number; readonly most: number };

/** Never fails: what it does not understand stands for itself. */
export function parsePattern(text: string): PatternNode {
  return new Parser(text).choice();
}

const EMPTY: PatternNode = { kind: 'sequence', parts: [] };
const ALL = range(0, 255);
const DIGITS = range(0x30, 0x39);
const WORD = `${range(0x61, 0x7a)}${range(0x41, 0x5a)}${DIGITS}_`;
const SHORTHANDS: Readonly<Record<string, string>> = {
  d: DIGITS,
  w: WORD,
  s: ' \t\n\r\v\f',
  D: without(DIGITS),
  W: without(WORD),
  S: without(' \t\n\r\v\f'),
};
const CONTROLS: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  a: '\x07',
  e: '\x1b',
};

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  choice(): PatternNode {
    const branches: PatternNode[] = [];
    do branches.push(this.#sequence());
    while (this.#take('|'));
    return branches.length === 1 ? (branches[0] as PatternNode) : { kind: 'choice', branches };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#text.length && !this.#sees('|') && !this.#sees(')')) parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): PatternNode {
    let node = this.#atom();
    for (;;) {
      const [quantifier, least, comma, most] = this.#match(/(?:[*+?]|\{(\d+)(,?)(\d*)\})[?+]?/y) ?? [];
      if (quantifier === undefined) return node;
      if (least === undefined) {
        node = {
          kind: 'repeat',
          of: node,
          least: quantifier.startsWith('+') ? 1 : 0,
          most: quantifier.startsWith('?') ? 1 : Infinity,
        };
      } else {
        const bound = comma === '' ? Number(least) : most === '' ? Infinity : Number(most);
        node = { kind: 'repeat', of: node, least: Number(least), most: bound };
      }
    }
  }

  #atom(): PatternNode {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return set(this.#class());
    if (this.#take('.')) return set(ALL);
    if (this.#take('^') || this.#take('$')) return EMPTY;
    if (this.#take('\\')) return this.#match(/[bBAzZG]/y) === undefined ? set(this.#escape()) : EMPTY;
    return set(this.#text[this.#at++] as string);
  }

  #group(): PatternNode {
    const isAssertion = this.#match(/\?(?:=|!|<=|<!)/y) !== undefined;
    // Flags for the rest of the pattern.
    if (!isAssertion && this.#match(/\?[a-zA-Z-]*\)/y) !== undefined) return EMPTY;
    if (!isAssertion) this.#match(/\?(?:P?<\w+>|[a-zA-Z-]*:|>)/y);
    const inner = this.choice();
    this.#take(')');
    return isAssertion ? EMPTY : inner;
  }

  #class(): string {
    const isNegated = this.#take('^');
    let members = '';
    for (let isFirst = true; this.#at < this.#text.length && (isFirst || !this.#sees(']')); isFirst = false) {
      const first = this.#member();
      if (first.length === 1 && this.#match(/-(?!\])/y) !== undefined) {
        members += range(first.charCodeAt(0), this.#member().charCodeAt(0));
      } else members += first;
    }
    this.#take(']');
    return isNegated ? without(members) : members;
  }

  #member(): string {
    const posix = this.#match(/\[:(\w+):\]/y)?.[1];
    if (posix !== undefined) return posix === 'digit' ? DIGITS : posix === 'space' ? ' \t' : WORD;
    return this.#take('\\') ? this.#escape() : (this.#text[this.#at++] as string);
  }

  #escape(): string {
    const [, short, braced] = this.#match(/x(?:([0-9a-fA-F]{1,2})|\{([0-9a-fA-F]+)\})/y) ?? [];
    const code = short ?? braced;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16) & 255);
    const letter = this.#text[this.#at++] ?? '\\';
    return SHORTHANDS[letter] ?? CONTROLS[letter] ?? letter;
  }

  #sees(character: string): boolean {
    return this.#text[this.#at] === character;
  }

  #take(character: string): boolean {
    if (!this.#sees(character)) return false;
    this.#at++;
    return true;
  }

  #match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }
}

function set(members: string): PatternNode {
  return members === '' ? EMPTY : { kind: 'set', members };
}

function range(first: number, last: number): string {
  let text = '';
  for (let code = first; code <= last; code++) text += String.fromCharCode(code);
  return text;
}

function without(members: string): string {
  return ALL.split('')
    .filter((member) => !members.includes(member))
    .join('');
}
