// Splits a Cookie field into names and values as libmodsecurity 3 does: by `;`, nothing decoded, quotes kept.
// It must never skip a cookie that a backend may read.
import type { Named } from './named.ts';

/**
 * Reads the cookies in their order. Blanks before a name are dropped, all else stays; a piece without `=` is a name.
 * `=value` is a cookie without name: libmodsecurity drops it, but browsers send it and backends read it (RFC 6265bis).
 */
export function parseCookies(header: string): Named[] {
  const cookies: Named[] = [];
  let start = 0;
  while (start < header.length) {
    let end = header.indexOf(';', start);
    if (end < 0) end = header.length;
    while (start < end && isBlank(header.charCodeAt(start))) start += 1;
    if (start < end) cookies.push(cookie(header.slice(start, end)));
    start = end + 1;
  }
  return cookies;
}

function isBlank(char: number): boolean {
  return char === 0x20 || (char >= 0x09 && char <= 0x0d);
}

function cookie(piece: string): Named {
  const equals = piece.indexOf('=');
  return equals < 0 ? { name: piece, value: '' } : { name: piece.slice(0, equals), value: piece.slice(equals + 1) };
}
