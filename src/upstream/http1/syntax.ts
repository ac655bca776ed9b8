// The characters of HTTP/1.1 messages as one table, for bytes received and strings to be sent.
// What is not in a class here is refused, never repaired: a repair is a second reading.

export const CR = 13;
export const LF = 10;
export const SPACE = 32;
export const TAB = 9;
export const COLON = 58;

/** tchar (RFC 9110, 5.6.2). */
export const TOKEN = 1;
/** A to Z. */
export const UPPER = 2;
/** What a field value or reason phrase may hold: HTAB, SP, VCHAR, obs-text (RFC 9110, 5.5). */
export const VALUE = 4;
/** What a request target may hold: printable ASCII without space and `#`. */
export const TARGET = 8;
/** What a host with its port may hold; no userinfo, no percent, no list. */
export const AUTHORITY = 16;
/** Inside a quoted string, without `"` and `\` (RFC 9110, 5.6.4). */
export const QUOTED = 32;

/** For each byte the classes it belongs to, as a sum of the constants above. */
export const CLASSES: Uint8Array = buildClasses();

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    const char = String.fromCharCode(byte);
    const isWord = /[A-Za-z0-9]/.test(char);
    let sum = 0;
    if (isWord || "!#$%&'*+-.^_`|~".includes(char)) sum |= TOKEN;
    if (char >= 'A' && char <= 'Z') sum |= UPPER;
    if (byte === TAB || (byte >= 0x20 && byte !== 0x7f)) sum |= VALUE;
    if (byte > 0x20 && byte < 0x7f && char !== '#') sum |= TARGET;
    if (isWord || '-._~:[]'.includes(char)) sum |= AUTHORITY;
    if ((sum & VALUE) !== 0 && char !== '"' && char !== '\\') sum |= QUOTED;
    classes[byte] = sum;
  }
  return classes;
}

/**
 * Whether the text is not empty and every char of it is of the class. A char above 0xff is of no
 * class: written as latin1 it would become another byte, perhaps a line end.
 */
export function isAll(text: string, charClass: number): boolean {
  return text.length > 0 && isEmptyOrAll(text, charClass);
}

/** Whether every char of the text is of the class; an empty text passes. */
export function isEmptyOrAll(text: string, charClass: number): boolean {
  for (let i = 0; i < text.length; i += 1) {
    if (((CLASSES[text.charCodeAt(i)] as number) & charClass) === 0) return false;
  }
  return true;
}

const VALUE_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The same as `isEmptyOrAll(text, VALUE)`, in two thirds of its time: one class, one alternative, so nothing to go back to. */
export function isValue(text: string): boolean {
  return VALUE_TEXT.test(text);
}

/** A token without capitals: how this house writes field names. */
export function isLowerToken(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    if (((CLASSES[text.charCodeAt(i)] as number) & (TOKEN | UPPER)) !== TOKEN) return false;
  }
  return text.length > 0;
}
