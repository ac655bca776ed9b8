// Decodes what stands between tags and in attribute values: references, line ends and blanks (XML 1.0, 2.11 and 3.3.3).
// It must never expand an entity that a document declares: that is how ten lines become gigabytes, or a local file.
import { ByteText } from './byte-text.ts';

export interface XmlDecoded {
  /** UTF-8 bytes. A reference that is not understood stays as it was written. */
  readonly value: string;
  /** The first fault and where it is in the piece. */
  readonly problem?: { readonly what: string; readonly at: number };
}

/** Decodes a piece of character data. Line ends become LF; in an attribute every blank becomes a space. */
export function decodeXmlPiece(piece: string, isAttribute: boolean): XmlDecoded {
  let problem: XmlDecoded['problem'];
  let at = 0;
  while (at < piece.length) {
    const char = piece.charCodeAt(at);
    if (char === 0x26) {
      const reference = readReference(piece, at);
      if (reference.code === undefined) {
        problem ??= { what: reference.what, at };
        output.add(char);
        at += 1;
      } else {
        output.addCodePoint(reference.code);
        at = reference.end;
      }
    } else {
      if (char !== 0x0d || piece.charCodeAt(at + 1) !== 0x0a) output.add(normalized(char, isAttribute));
      at += 1;
    }
  }
  const value = output.take();
  return problem === undefined ? { value } : { value, problem };
}

const output = new ByteText();

/** The five entities that every document has (XML 1.0, 4.6). */
const BUILT_IN: ReadonlyMap<string, number> = new Map([
  ['lt', 0x3c],
  ['gt', 0x3e],
  ['amp', 0x26],
  ['apos', 0x27],
  ['quot', 0x22],
]);

/** Longest reference that is read: leading zeros may make a number long, but no honest writer does. */
const REFERENCE_CHARS = 32;

type Reference = { readonly code: number; readonly end: number } | { readonly code?: undefined; readonly what: string };

function readReference(piece: string, at: number): Reference {
  const head = piece.slice(at + 1, at + 1 + REFERENCE_CHARS);
  const length = head.indexOf(';');
  if (length < 1) return { what: 'an ampersand that begins no reference' };
  const name = head.slice(0, length);
  const end = at + length + 2;
  if (!name.startsWith('#')) {
    const code = BUILT_IN.get(name);
    return code === undefined ? { what: 'an entity that is not built in' } : { code, end };
  }
  const isHex = name.startsWith('#x');
  const digits = name.slice(isHex ? 2 : 1);
  if (!(isHex ? /^[0-9A-Fa-f]+$/ : /^[0-9]+$/).test(digits)) return { what: 'a reference that is no number' };
  const code = Number.parseInt(digits, isHex ? 16 : 10);
  return isXmlChar(code) ? { code, end } : { what: 'a reference to a character that XML forbids' };
}

function isXmlChar(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code < 0x110000);
}

function normalized(char: number, isAttribute: boolean): number {
  if (char !== 0x0d && char !== 0x0a && char !== 0x09) return char;
  if (isAttribute) return 0x20;
  return char === 0x0d ? 0x0a : char;
}
