// Splits a query string or an urlencoded body into names and values, as ModSecurity fills ARGS.
// It must never lose text: what cannot be decoded stays as it was written and is reported.
import { ByteText } from './byte-text.ts';
import type { Named } from './named.ts';

export interface QueryOptions {
  /** One character (SecArgumentSeparator); `&` when absent. */
  readonly separator?: string;
  /** How many arguments are read; the rest of the text is left alone. */
  readonly maxArguments: number;
}

export interface QueryResult {
  readonly args: Named[];
  /** A `%` without two hex digits was seen (URLENCODED_ERROR). */
  readonly invalidEncoding: boolean;
  /** There were more arguments than allowed. */
  readonly tooMany: boolean;
}

/**
 * Reads `name=value` pairs. `+` is a blank and `%XX` a byte; `%u` means nothing here, rules decode it if they want.
 * A piece without `=` is a name with an empty value. An empty piece is an argument without name, but not at the end.
 */
export function parseQuery(text: string, options: QueryOptions): QueryResult {
  const separator = options.separator ?? '&';
  const encoded = text.includes('%') || text.includes('+');
  const args: Named[] = [];
  let invalidEncoding = false;
  let start = 0;
  while (start < text.length) {
    if (args.length >= options.maxArguments) return { args, invalidEncoding, tooMany: true };
    let end = text.indexOf(separator, start);
    if (end < 0) end = text.length;
    const piece = text.slice(start, end);
    const equals = piece.indexOf('=');
    let name = equals < 0 ? piece : piece.slice(0, equals);
    let value = equals < 0 ? '' : piece.slice(equals + 1);
    if (encoded) {
      if (hasInvalidEscape(piece)) invalidEncoding = true;
      name = decode(name);
      value = decode(value);
    }
    args.push({ name, value });
    start = end + 1;
  }
  return { args, invalidEncoding, tooMany: false };
}

const PERCENT = 0x25;
const PLUS = 0x2b;

/** The value of a hex digit by its byte, -1 for all others. */
const HEX: Int8Array = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
  return byte < 128 ? digit : -1;
});

const output = new ByteText();

function hasInvalidEscape(piece: string): boolean {
  for (let at = piece.indexOf('%'); at >= 0; at = piece.indexOf('%', at + 1)) {
    if (escapedByte(piece, at) < 0) return true;
  }
  return false;
}

/** The byte that the escape at `at` stands for, -1 when it is not one. */
function escapedByte(text: string, at: number): number {
  if (at + 2 >= text.length) return -1;
  const high = HEX[text.charCodeAt(at + 1)] as number;
  const low = HEX[text.charCodeAt(at + 2)] as number;
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    const byte = char === PERCENT ? escapedByte(text, i) : -1;
    if (byte >= 0) i += 2;
    output.add(byte >= 0 ? byte : char === PLUS ? 0x20 : char);
  }
  return output.take();
}
