// Turns the bytes of an XML document into UTF-8, held as a byte string, by its byte order mark and declaration.
// It must never guess: where mark, declaration and bytes disagree, two parsers would read two documents.
import { transcode } from 'node:buffer';
import { invalidUtf8 } from './utf8.ts';

export interface XmlText {
  /** UTF-8 bytes; the bytes as they came when the encoding is unknown. */
  readonly text: string;
  readonly error?: string;
}

/** Reads UTF-8, US-ASCII, ISO-8859-1 and, with a byte order mark, UTF-16 (XML 1.0, 4.3.3); others are errors. */
export function decodeXml(body: Buffer, truncated: boolean): XmlText {
  if (body[0] === 0xff && body[1] === 0xfe) return decodeUtf16(body.subarray(2), false, truncated);
  if (body[0] === 0xfe && body[1] === 0xff) return decodeUtf16(body.subarray(2), true, truncated);
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  const bytes = hasMark ? body.subarray(3) : body;
  const text = bytes.toString('latin1');
  const name = declaredEncoding(text);
  switch (name) {
    case undefined:
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
    case 'ascii':
      return checkUtf8(bytes, text, truncated);
    case 'iso-8859-1':
    case 'latin1':
      if (hasMark) return { text, error: 'XML: a UTF-8 byte order mark before another encoding' };
      return { text: transcode(bytes, 'latin1', 'utf8').toString('latin1') };
    default:
      return { text, error: `XML: the encoding ${name} is not supported` };
  }
}

/** The encoding that the declaration names, in lower case; undefined when it names none. */
function declaredEncoding(text: string): string | undefined {
  if (!text.startsWith('<?xml')) return undefined;
  const head = text.slice(0, DECLARATION_BYTES);
  const found = /[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]+)["']/.exec(
    head.slice(0, Math.max(head.indexOf('?>'), 0)),
  );
  return found?.[1]?.toLowerCase();
}

/** A declaration is a few dozen bytes; what is longer is left to the parser, as UTF-8. */
const DECLARATION_BYTES = 512;

function decodeUtf16(bytes: Buffer, isBigEndian: boolean, truncated: boolean): XmlText {
  const whole = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  if (isBigEndian) whole.swap16();
  const text = Buffer.from(whole.toString('utf16le'), 'utf8').toString('latin1');
  if (whole.length !== bytes.length && !truncated) return { text, error: 'XML: half a character at the end of UTF-16' };
  const name = declaredEncoding(text);
  if (name === undefined || name === 'utf-16') return { text };
  return { text, error: `XML: UTF-16 bytes that are declared as ${name}` };
}

function checkUtf8(bytes: Buffer, text: string, truncated: boolean): XmlText {
  const invalid = invalidUtf8(bytes, truncated);
  return invalid < 0 ? { text } : { text, error: `XML: invalid UTF-8 at byte ${invalid}` };
}
