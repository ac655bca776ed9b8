// One pass over a text that finds values under secret names, whatever form the text has: pairs of a query, a form or
// cookies, fields of a head, members of JSON, elements and attributes, parts of a multipart form. Names may be of any
// length; the time grows with the length of the text alone, so nothing that was looked for is looked for again.
import { formDecoded, percentCoded } from './coding.ts';
import { blanksEnd, hideMember, meantBy, opensText, quoteEnd } from './json.ts';
import type { Found } from './known.ts';
import { contentStart, hideContent, openingTag, referred } from './markup.ts';
import type { SecretNames } from './names.ts';
import { COLON, EQUALS, GAP, LINE_END, NONE, QUOTE, SIGNS, TAG } from './signs.ts';
import {
  blanksBehind,
  codedEnd,
  fieldValue,
  isHeadLine,
  lineEnd,
  pairEnd,
  partEnd,
  partName,
  quotedValue,
} from './spans.ts';

export interface ScanTerms {
  readonly names: SecretNames;
  readonly mark: string;
  /** The text is a form: nothing but `&` ends a value. */
  readonly isForm: boolean;
  /** Learns of every value, as it is written and as it is meant. */
  readonly found: Found | undefined;
  /** What is shown of a text within this one, in which it may stand coded. undefined: none is looked into. */
  readonly within: ((text: string, isCoded: boolean) => string) | undefined;
  /** Where the secret ends that begins at `at`, as far as it is known; `at`: it is not. */
  readonly knownEnd: (text: string, at: number) => number;
}

export class Scan {
  readonly #text: string;
  readonly #terms: ScanTerms;
  #shown = '';
  /** What lies before is in `#shown`. */
  #from = 0;
  /** Where the word begins that is being read. */
  #start = 0;
  #lineStart = 0;
  /** The word before, when it may be the name to a sign; its end is -1 when not. */
  #before = { start: 0, end: -1 };
  /** The next sign of percent-code. */
  #code = -1;
  /** The end of the run of pairs that was looked for last, and from where. */
  #run = { from: 0, end: -1 };
  #content = { start: Number.POSITIVE_INFINITY, name: '' };
  /** In the head of a part whose name is a secret's. */
  #isPart = false;
  #delimiter: number;

  constructor(text: string, terms: ScanTerms) {
    this.#text = text;
    this.#terms = terms;
    this.#delimiter = text.startsWith('--') ? 0 : -1;
  }

  /** The text with the mark in place of values. */
  hidden(): string {
    const text = this.#text;
    for (let at = 0; at < text.length; ) {
      if (at >= this.#content.start) at = this.#hideContent(at);
      else {
        const sign = SIGNS[text.charCodeAt(at)];
        at = sign === undefined || sign === NONE ? at + 1 : this.#sign(at, sign);
      }
    }
    this.#endWord(text.length);
    return this.#shown + text.slice(this.#from);
  }

  #sign(at: number, sign: number): number {
    if (sign === EQUALS) return this.#pair(at);
    if (sign === COLON) return this.#field(at);
    const end = this.#endWord(at);
    if (end > at) return end;
    if (sign === QUOTE && opensText(this.#text, at)) return this.#quoted(at);
    if (at > this.#start) this.#before = { start: this.#start, end: at };
    if (!GAP.includes(this.#text.charAt(at))) this.#before.end = -1;
    this.#start = at + 1;
    if (sign === TAG) return this.#tag(at);
    return sign === LINE_END ? this.#line(at) : at + 1;
  }

  /** `name=value`: the value is out of sight, or may be a text of its own: `next=%2Fcb%3Ftoken%3D…`. */
  #pair(at: number): number {
    const text = this.#text;
    const name = this.#nameBefore(at);
    const isApart = at === this.#start;
    if (this.#terms.names.has(name)) {
      const behind = blanksBehind(text, at + 1);
      const quoted = this.#terms.isForm ? undefined : quotedValue(text, behind);
      const from = isApart ? behind : at + 1;
      const [start, end] = quoted ?? [from, this.#pairEnd(from)];
      const whole = this.#terms.knownEnd(text, from);
      if (whole > end) return this.#hide(from, whole);
      if (end > start) return this.#hide(start, end);
    } else if (name.toLowerCase() === 'name' && this.#terms.names.has(formDecoded(partName(text, at + 1)))) {
      this.#isPart = true;
    }
    this.#endWord(at);
    const from = at + 1;
    const end = this.#isCoded(from, text.length) ? this.#pairEnd(from) : from;
    return this.#isCoded(from, end) ? this.#look(from, end) : this.#resume(from);
  }

  /** `name: value`, to the end of the line. */
  #field(at: number): number {
    if (this.#terms.names.has(this.#nameBefore(at))) {
      const [from, end] = fieldValue(this.#text, at + 1);
      if (end > from) return this.#hide(from, end);
    }
    this.#endWord(at);
    return this.#resume(at + 1);
  }

  /** A text of JSON: the name of a member, or a value. */
  #quoted(at: number): number {
    const text = this.#text;
    const close = quoteEnd(text, at + 1, '"', true);
    const end = Math.min(close + 1, text.length);
    const isOpen = text[close] !== '"';
    const inside = text.slice(at + 1, close);
    const meant = meantBy(inside);
    const behind = blanksEnd(text, end);
    const isName = !isOpen && text[behind] === ':';
    if (isName && this.#terms.names.has(meant)) {
      const from = blanksEnd(text, behind + 1);
      const [put, valueEnd] = hideMember(text, from, this.#terms.mark, this.#terms.found);
      return this.#put(from, valueEnd, put);
    }
    const shown = isOpen && close < text.length ? undefined : this.#terms.within?.(meant, meant !== inside);
    if (shown === undefined) return this.#resume(at + 1);
    if (shown !== meant) this.#put(at, end, isOpen ? JSON.stringify(shown).slice(0, -1) : JSON.stringify(shown));
    return this.#resume(isName ? behind + 1 : end);
  }

  #tag(at: number): number {
    const tag = openingTag(this.#text, at);
    if (tag === undefined) return at + 1;
    const [name, end] = tag;
    const start = this.#terms.names.has(name) ? contentStart(this.#text, end) : undefined;
    if (start !== undefined) this.#content = { start, name };
    return this.#resume(end);
  }

  #hideContent(at: number): number {
    const { name } = this.#content;
    this.#content.start = Number.POSITIVE_INFINITY;
    const [put, end] = hideContent(this.#text, at, name, this.#terms.mark, this.#terms.found);
    return this.#put(at, end, put);
  }

  /** At the end of a line: the content of a part may follow. */
  #line(at: number): number {
    const text = this.#text;
    const next = at + 1;
    this.#lineStart = next;
    if (text.startsWith('--', next)) this.#delimiter = next;
    if (!this.#isPart) return next;
    const from = text[next] === '\n' ? next + 1 : text.startsWith('\r\n', next) ? next + 2 : -1;
    this.#isPart = from === -1 && isHeadLine(text, next);
    if (from === -1) return next;
    const delimiter = this.#delimiter === -1 ? '--' : text.slice(this.#delimiter, lineEnd(text, this.#delimiter));
    const end = partEnd(text, from, delimiter);
    return end > from ? this.#hide(from, end) : next;
  }

  /** The word before a sign, as it is meant. */
  #nameBefore(at: number): string {
    const { start, end } = at > this.#start ? { start: this.#start, end: at } : this.#before;
    if (end === -1) return '';
    const name = this.#text.slice(start, end);
    const meant = name.includes('%') ? formDecoded(name) : name;
    return meant === name ? name : meant.replace(/^[\s"'{[]+|[\s"']+$/g, '');
  }

  #pairEnd(at: number): number {
    const isRun = at >= this.#run.from && at < this.#run.end;
    if (!isRun) {
      const form = this.#terms.isForm ? 'form' : this.#start === this.#lineStart ? 'line' : 'text';
      this.#run = { from: at, end: pairEnd(this.#text, at, form) };
    }
    return this.#run.end;
  }

  /** Where what the word is a part of ends, when that has been looked into. */
  #endWord(at: number): number {
    const from = this.#start;
    if (at === from || this.#terms.within === undefined || !this.#isCoded(from, at)) return at;
    return this.#look(from, Math.max(at, codedEnd(this.#text, from)));
  }

  #isCoded(from: number, end: number): boolean {
    if (this.#code < from) {
      const at = this.#text.indexOf('%', from);
      this.#code = at === -1 ? Number.POSITIVE_INFINITY : at;
    }
    return this.#code < end;
  }

  /** Looks into what is coded, and goes on behind it; in the deepest text it is read as it stands there. */
  #look(from: number, end: number): number {
    if (this.#terms.within === undefined) return this.#resume(from);
    const written = this.#text.slice(from, end);
    const plain = formDecoded(written);
    const shown = plain === written ? plain : this.#terms.within(plain, true);
    return shown === plain ? this.#resume(end) : this.#put(from, end, percentCoded(shown, this.#terms.mark));
  }

  #hide(from: number, end: number): number {
    const { found } = this.#terms;
    if (found !== undefined) {
      const value = this.#text.slice(from, end);
      const meant = referred(value);
      found(value);
      if (meant !== value) found(meant);
    }
    return this.#put(from, end, this.#terms.mark);
  }

  #put(from: number, end: number, put: string): number {
    this.#shown += this.#text.slice(this.#from, from) + put;
    this.#from = end;
    return this.#resume(end);
  }

  #resume(at: number): number {
    this.#start = at;
    this.#before.end = -1;
    return at;
  }
}
