// Secrets in the text of elements, as XML has them; a text may be cut. Tags stay.
import type { Hidden } from './json.ts';
import type { Found } from './known.ts';

/** A tag that opens an element; the name without its prefix. */
const OPENING = /<(?:[^\s<>/=:!?"']*:)?([^\s<>/=:!?"']+)(?=[\s/>]|$)/y;
const REST_OF_TAG = /[^<>"']*(?:(?:"[^"<]*"|'[^'<]*')[^<>"']*)*>/y;
const ANY_REST = /[^<>]*>/y;
/** What stays of the content of an element: the marks of sections, and tags. */
const KEPT = /<!\[CDATA\[([\s\S]*?)(?:\]\]>|$)|<(\/?)(?:[^\s<>/=:!?"']*:)?([^\s<>/=:!?"']+)[^<>]*>/gi;
const REFERENCE = /&(?:#(\d{1,9})|#x([\da-f]{1,8})|(lt|gt|amp|apos|quot));/gi;
const BUILT_IN: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' };

/** The name of the element that opens at `at`, and where that name ends. */
export function openingTag(text: string, at: number): readonly [name: string, end: number] | undefined {
  OPENING.lastIndex = at;
  const name = OPENING.exec(text)?.[1];
  return name === undefined ? undefined : [name, OPENING.lastIndex];
}

/** Where the content begins behind the name in a tag; undefined: there is none. */
export function contentStart(text: string, at: number): number | undefined {
  for (const rest of [REST_OF_TAG, ANY_REST]) {
    rest.lastIndex = at;
    if (rest.test(text)) return text[rest.lastIndex - 2] === '/' ? undefined : rest.lastIndex;
  }
  return undefined;
}

/** All texts up to the end of the element. */
export function hideContent(text: string, from: number, name: string, mark: string, found: Found | undefined): Hidden {
  const markup = new RegExp(KEPT);
  markup.lastIndex = from;
  let depth = 1;
  let put = '';
  let whole = '';
  let at = from;
  const hide = (piece: string, meant: string): string => {
    if (!/\S/.test(piece)) return piece;
    for (const each of new Set([piece, meant, meant.trim()])) found?.(each);
    whole += meant;
    return mark;
  };
  while (depth > 0) {
    const kept = markup.exec(text);
    const piece = text.slice(at, kept?.index ?? text.length);
    put += hide(piece, referred(piece));
    at = kept === null ? text.length : markup.lastIndex;
    if (kept === null) break;
    const [written, section, slash, tag] = kept;
    if (section !== undefined) put += written.replace(section, () => hide(section, section));
    else {
      put += written;
      if (tag?.toLowerCase() === name.toLowerCase() && !written.endsWith('/>')) depth += slash === '/' ? -1 : 1;
    }
  }
  // Rules see the texts of an element as one.
  found?.(whole);
  return [put, at];
}

/** With its references resolved, in bytes. */
export function referred(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return BUILT_IN[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code > 0x10ffff ? whole : Buffer.from(String.fromCodePoint(code)).toString('latin1');
  });
}
