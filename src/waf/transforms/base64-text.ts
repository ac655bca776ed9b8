// base64Text: text in base64 (RFC 4648, 4 and 5: either alphabet, with padding or without) is replaced by what it says.
// What is no text when decoded was no base64, or nothing that rules could read, and stays.
import { byteAt, flagsOf } from './bytes.ts';
import { open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ALPHABET = flagsOf(bytesOf(`${LETTERS}+/-_`));
/** Marks of the alphabet that paths and words with dashes are full of: base64 may begin behind them. */
const SEAM = /[/+_-]/;

/** A token within other text needs more digits than one that is the whole value, padding not counted. */
const LEAST_WITHIN = 16;
const LEAST_WHOLE = 6;
/** Of so many bytes one may be no text. */
const BYTES_PER_FLAW = 16;
/** A form turns `+` to a blank. Prose has more of them. */
const DIGITS_PER_BLANK = 6;

export const base64Text: Transform = {
  name: 'base64text',
  triggers: undefined,
  adds: 'any',
  apply(value) {
    if (value.length < LEAST_WHOLE) return value;
    const bytes = open(value);
    const end = value.length;
    const least = isToken(bytes, end) ? LEAST_WHOLE : LEAST_WITHIN;
    let pieces = '';
    let kept = 0;
    let start = 0;
    for (let index = 0; index <= end; index++) {
      if (index < end && ALPHABET[bytes[index]!] === 1) continue;
      if (index - start >= least) {
        const token = value.slice(start, index);
        const text = textOf(token) ?? textOfPieces(token);
        if (text !== undefined) {
          pieces += value.slice(kept, start) + text;
          kept = behindPadding(bytes, index, end);
        }
      }
      start = index + 1;
    }
    if (kept > 0) return pieces + value.slice(kept);
    return textWithBlanks(value, bytes) ?? value;
  },
};

/** Whether digits and padding are all that there is. */
function isToken(bytes: Uint8Array, end: number): boolean {
  let index = 0;
  while (index < end && ALPHABET[bytes[index]!] === 1) index++;
  return behindPadding(bytes, index, end) === end;
}

function behindPadding(bytes: Uint8Array, from: number, end: number): number {
  let index = from;
  while (index < from + 2 && byteAt(bytes, index, end) === 0x3d) index++;
  return index;
}

function textOf(token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64');
  const text = bytes.toString('latin1');
  if (isText(bytes)) return text;
  // UTF-16 of ASCII, as PowerShell takes it.
  if (!text.includes('\0')) return undefined;
  const narrow = text.replaceAll('\0', '');
  return narrow.length * 2 <= text.length + 1 && isText(Buffer.from(narrow, 'latin1')) ? narrow : undefined;
}

/** A path or a name may stand before it: `/files/PHNjcmlwdD4…`. Each piece is tried by itself. */
function textOfPieces(token: string): string | undefined {
  if (!SEAM.test(token)) return undefined;
  let hasText = false;
  const pieces = token.split(/([/+_-])/).map((piece) => {
    const text = piece.length >= LEAST_WITHIN ? textOf(piece) : undefined;
    hasText ||= text !== undefined;
    return text ?? piece;
  });
  return hasText ? pieces.join('') : undefined;
}

/** The whole value, where a form has made blanks of its pluses. */
function textWithBlanks(value: string, bytes: Uint8Array): string | undefined {
  const end = value.length;
  if (end < LEAST_WITHIN || !value.includes(' ')) return undefined;
  let blanks = 0;
  let index = 0;
  for (; index < end; index++) {
    const byte = bytes[index]!;
    if (byte === 0x20) blanks++;
    else if (ALPHABET[byte] !== 1) break;
  }
  if (behindPadding(bytes, index, end) !== end || blanks * DIGITS_PER_BLANK > end) return undefined;
  return textOf(value.slice(0, index).replaceAll(' ', '+'));
}

/** Printable ASCII, white space and well-formed UTF-8, but for few bytes. */
function isText(bytes: Buffer): boolean {
  let flaws = Math.floor(bytes.length / BYTES_PER_FLAW);
  for (let index = 0; index < bytes.length; ) {
    const byte = bytes[index] as number;
    const size = byte < 0x80 ? Number(byte >= 0x20 ? byte !== 0x7f : isBlank(byte)) : sequence(bytes, index, byte);
    if (size === 0 && --flaws < 0) return false;
    index += Math.max(1, size);
  }
  return bytes.length > 0;
}

function isBlank(byte: number): boolean {
  return byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** The length of a well-formed sequence of more than one byte; 0: there is none. Close enough: E0 and F0 are not looked into. */
function sequence(bytes: Buffer, index: number, lead: number): number {
  const size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  for (let offset = 1; offset < size; offset++) {
    if (((bytes[index + offset] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return size;
}
