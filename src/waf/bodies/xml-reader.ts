// One pass over an XML document: tags must nest and end, all else is text, attribute values or skipped.
// Time is linear in the document: nothing is read twice.
import type { Named } from './named.ts';
import { declarationsOf, skipDoctype } from './xml-doctype.ts';
import { nameEnd } from './xml-name.ts';
import { decodeXmlPiece } from './xml-reference.ts';

/** What bounds a document; the same fields as in the options of the parser. */
export interface XmlBounds {
  readonly maxDepth: number;
  readonly maxArguments: number;
  readonly truncated?: boolean;
}

/** Reads one document; the results are its fields. */
export class XmlReader {
  readonly text: string[] = [];
  readonly attributes: string[] = [];
  /** What a document type declares. */
  declared: readonly Named[] = [];
  hasRoot = false;
  tooMany = false;
  error: string | undefined;
  readonly #xml: string;
  readonly #bounds: XmlBounds;
  /** The names of the open elements. */
  readonly #open: string[] = [];
  readonly #namesOfTag: Set<string> = new Set();
  #hasDoctype = false;
  #at = 0;

  constructor(xml: string, bounds: XmlBounds) {
    this.#xml = xml;
    this.#bounds = bounds;
  }

  readDocument(): void {
    if (isDeclaration(this.#xml) && !this.#skipTo('?>', 0)) return;
    while (this.#at < this.#xml.length) {
      const isText = this.#xml.charCodeAt(this.#at) !== 0x3c;
      if (!(isText ? this.#readText() : this.#readMarkup())) return;
    }
    if (this.#open.length > 0 || !this.hasRoot) this.#refuse(this.#xml.length, 'an element without end');
  }

  #readText(): boolean {
    const start = this.#at;
    const next = this.#xml.indexOf('<', start);
    const end = next < 0 ? this.#xml.length : next;
    this.#at = end;
    const piece = this.#xml.slice(start, end);
    if (this.#open.length === 0) return /^[ \t\r\n]*$/.test(piece) || this.#fail(start, 'text outside the root');
    const cdataEnd = piece.indexOf(']]>');
    if (cdataEnd >= 0) this.#note(start + cdataEnd, ']]> in a text');
    this.text.push(this.#decode(piece, start, false));
    return true;
  }

  #readMarkup(): boolean {
    const xml = this.#xml;
    const second = xml.charCodeAt(this.#at + 1);
    if (second === 0x2f) return this.#readEndTag();
    if (second === 0x3f) return this.#readInstruction();
    if (second !== 0x21) return this.#readStartTag();
    if (xml.startsWith('<!--', this.#at)) return this.#readComment();
    if (xml.startsWith('<![CDATA[', this.#at) && this.#open.length > 0) return this.#readCdata();
    if (xml.startsWith('<!DOCTYPE', this.#at) && !this.hasRoot && !this.#hasDoctype) return this.#readDoctype();
    return this.#refuseMarkup();
  }

  #readStartTag(): boolean {
    const start = this.#at;
    if (this.hasRoot && this.#open.length === 0) return this.#fail(start, 'a second root');
    if (this.#open.length >= this.#bounds.maxDepth)
      return this.#fail(start, `more than ${this.#bounds.maxDepth} levels`);
    this.#at += 1;
    const name = this.#readName();
    if (name === '') return this.#refuse(this.#at, 'a name is missing');
    this.hasRoot = true;
    this.#open.push(name);
    if (this.#namesOfTag.size > 0) this.#namesOfTag.clear();
    for (;;) {
      const hadBlank = this.#skipBlanks();
      const char = this.#xml.charCodeAt(this.#at);
      if (char === 0x3e) {
        this.#at += 1;
        return true;
      }
      if (char === 0x2f) {
        if (this.#xml.charCodeAt(this.#at + 1) !== 0x3e) return this.#refuse(this.#at + 1, 'a slash inside a tag');
        this.#at += 2;
        this.#open.pop();
        return true;
      }
      if (!hadBlank) return this.#refuse(this.#at, 'a blank is missing in a tag');
      if (!this.#readAttribute()) return false;
    }
  }

  #readAttribute(): boolean {
    const start = this.#at;
    const name = this.#readName();
    if (name === '') return this.#refuse(this.#at, 'an attribute name is missing');
    this.#skipBlanks();
    if (this.#xml.charCodeAt(this.#at) !== 0x3d) return this.#refuse(this.#at, 'an equals sign is missing');
    this.#at += 1;
    this.#skipBlanks();
    const quote = this.#xml.charCodeAt(this.#at);
    if (quote !== 0x22 && quote !== 0x27) return this.#refuse(this.#at, 'an attribute value without quotes');
    const from = this.#at + 1;
    const close = this.#xml.indexOf(quote === 0x22 ? '"' : "'", from);
    const end = close < 0 ? this.#xml.length : close;
    const piece = this.#xml.slice(from, end);
    this.#at = end;
    const tagStart = piece.indexOf('<');
    if (tagStart >= 0) this.#note(from + tagStart, 'a < in an attribute value');
    if (this.#namesOfTag.has(name)) this.#note(start, 'the same attribute twice');
    this.#namesOfTag.add(name);
    const value = this.#decode(piece, from, true);
    if (name !== 'xmlns' && !name.startsWith('xmlns:') && !this.#addAttribute(value)) return false;
    if (close < 0) return this.#refuse(end, 'an attribute value without end');
    this.#at += 1;
    return true;
  }

  #readEndTag(): boolean {
    const start = this.#at;
    this.#at += 2;
    const name = this.#readName();
    this.#skipBlanks();
    if (this.#xml.charCodeAt(this.#at) !== 0x3e) return this.#refuse(this.#at, 'an end tag without end');
    this.#at += 1;
    return this.#open.pop() === name || this.#fail(start, 'an end tag that fits no start tag');
  }

  #readInstruction(): boolean {
    this.#at += 2;
    const target = this.#readName();
    if (target === '') return this.#refuse(this.#at, 'a name is missing');
    if (target.toLowerCase() === 'xml')
      return this.#refuse(this.#at, 'an XML declaration that is not at the beginning');
    return this.#skipTo('?>', this.#at);
  }

  #readComment(): boolean {
    const start = this.#at;
    const dashes = this.#xml.indexOf('--', start + 4);
    if (dashes < 0) return this.#refuse(this.#xml.length, 'a comment without end');
    if (this.#xml.charCodeAt(dashes + 2) !== 0x3e) return this.#refuse(dashes + 2, 'two dashes inside a comment');
    this.#at = dashes + 3;
    return true;
  }

  #readCdata(): boolean {
    const start = this.#at + '<![CDATA['.length;
    const close = this.#xml.indexOf(']]>', start);
    const end = close < 0 ? this.#xml.length : close;
    const piece = this.#xml.slice(start, end);
    this.#hasSpecial(piece, start);
    this.text.push(piece.includes('\r') ? piece.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : piece);
    this.#at = end + 3;
    return close >= 0 || this.#refuse(this.#xml.length, 'a CDATA section without end');
  }

  #readDoctype(): boolean {
    this.#hasDoctype = true;
    const found = skipDoctype(this.#xml, this.#at);
    this.declared = declarationsOf(this.#xml.slice(this.#at, found.end));
    for (const literal of found.literals) if (!this.#addAttribute(literal)) return false;
    if (found.problem !== undefined) return this.#refuse(found.end, found.problem);
    this.#at = found.end;
    return true;
  }

  /** Markup that begins like none: at the end of a truncated document it may have been any. */
  #refuseMarkup(): boolean {
    const rest = this.#xml.slice(this.#at, this.#at + '<![CDATA['.length);
    const isCut =
      rest.length < '<![CDATA['.length && ['<!--', '<![CDATA[', '<!DOCTYPE'].some((m) => m.startsWith(rest));
    return this.#refuse(isCut ? this.#xml.length : this.#at, 'markup that is not allowed here');
  }

  #addAttribute(value: string): boolean {
    if (this.attributes.length >= this.#bounds.maxArguments) {
      this.tooMany = true;
      return this.#fail(this.#at, `more than ${this.#bounds.maxArguments} attributes`);
    }
    this.attributes.push(value);
    return true;
  }

  #decode(piece: string, start: number, isAttribute: boolean): string {
    if (!this.#hasSpecial(piece, start)) return piece;
    const { value, problem } = decodeXmlPiece(piece, isAttribute);
    // What the end of a truncated document cuts off is no fault.
    const isCut = this.#bounds.truncated === true && start + piece.length === this.#xml.length;
    if (problem !== undefined && !isCut) this.#note(start + problem.at, problem.what);
    return value;
  }

  /** Whether there is anything to decode; control characters are noted on the way. */
  #hasSpecial(piece: string, start: number): boolean {
    let found = false;
    for (let i = 0; i < piece.length; i += 1) {
      const char = piece.charCodeAt(i);
      if (char > 0x26 || char === 0x20) continue;
      if (char === 0x26 || char === 0x09 || char === 0x0a || char === 0x0d) found = true;
      else if (char < 0x20) this.#note(start + i, 'a control character');
    }
    return found;
  }

  /** The name that begins here, empty when none does. */
  #readName(): string {
    const start = this.#at;
    this.#at = nameEnd(this.#xml, start);
    return this.#xml.slice(start, this.#at);
  }

  #skipBlanks(): boolean {
    const start = this.#at;
    let char = this.#xml.charCodeAt(this.#at);
    while (char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09) char = this.#xml.charCodeAt(++this.#at);
    return this.#at > start;
  }

  #skipTo(end: string, from: number): boolean {
    const found = this.#xml.indexOf(end, from);
    if (found < 0) return this.#refuse(this.#xml.length, `${end} is missing`);
    this.#at = found + end.length;
    return true;
  }

  /** A fault after which the document can still be read. */
  #note(at: number, what: string): void {
    this.error ??= `XML: ${what} at byte ${at}`;
  }

  #fail(at: number, what: string): false {
    this.#note(at, what);
    return false;
  }

  /** A fault after which nothing can be read; none when the document was cut off here by the caller. */
  #refuse(at: number, what: string): false {
    return this.#bounds.truncated === true && at >= this.#xml.length ? false : this.#fail(at, what);
  }
}

function isDeclaration(xml: string): boolean {
  return /^<\?xml[ \t\r\n]/.test(xml.slice(0, 6));
}
