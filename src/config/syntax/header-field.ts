// Names and values of header fields that the operator sets or removes (RFC 9110, 5.1 and 5.5).

import type { Parsed } from './parsed.ts';

export const headerNamePattern: string = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$";
/** Visible ASCII, spaces, tabs and the bytes above: what Node sends. No CR, LF or NUL (response splitting). */
export const headerValuePattern: string = '^[\\t\\x20-\\x7e\\x80-\\xff]*$';

const nameForm = new RegExp(headerNamePattern);
const valueForm = new RegExp(headerValuePattern);

/** The gateway frames messages itself; a field of these set by hand would smuggle requests (RFC 9112, 6). */
const framingFields: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The name in lower case. */
export function parseHeaderName(text: string): Parsed<string> {
  if (text.startsWith(':')) return { fault: 'is a pseudo-header of HTTP/2, which the gateway writes itself' };
  if (!nameForm.test(text))
    return { fault: 'is not a header name; it holds letters, digits and hyphens, like x-frame-options' };
  return { value: text.toLowerCase() };
}

/** A name that may be set or removed: any but those that frame the message or belong to the connection. */
export function parseChangeableName(text: string): Parsed<string> {
  const name = parseHeaderName(text);
  if ('value' in name && framingFields.has(name.value)) {
    return {
      fault: 'frames the message or belongs to the connection; the gateway writes it itself, and it cannot be changed',
    };
  }
  return name;
}

/** The value as it is sent. */
export function parseHeaderValue(text: string): Parsed<string> {
  if (/[\r\n\0]/.test(text)) return { fault: 'holds a line break or NUL, which no header value can' };
  if (!valueForm.test(text)) return { fault: 'holds a character that no header value can; write ASCII' };
  return { value: text };
}
