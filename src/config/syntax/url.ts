// URLs of servers. Credentials, queries and fragments are refused: a request carries its own, and a
// password in a URL would reach records and error messages.

import type { Parsed } from './parsed.ts';

/** Whether a text was meant as a URL and not as a name. */
export function looksLikeUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^https?:/i.test(text);
}

/** An http or https URL of a server: host, port and perhaps a base path. */
export function parseServerUrl(text: string): Parsed<URL> {
  return parseUrl(text, ['http:', 'https:'], 'http://127.0.0.1:3000');
}

/** A redis or rediss URL; it may hold a password. */
export function parseRedisUrl(text: string): Parsed<URL> {
  return parseUrl(text, ['redis:', 'rediss:'], 'redis://127.0.0.1:6379');
}

/** An https or http URL that is fetched, with any path and query. */
export function parseWebUrl(text: string): Parsed<URL> {
  return parseUrl(text, ['https:', 'http:'], 'https://example.com/path', true);
}

function parseUrl(text: string, schemes: readonly string[], example: string, allowQuery = false): Parsed<URL> {
  const scheme = schemes.find((each) => text.toLowerCase().startsWith(`${each}//`));
  const names = schemes.map((each) => `${each}//`).join(' or ');
  if (scheme === undefined) return { fault: `is not a URL that begins with ${names}, like ${example}` };
  // URL drops tabs and line breaks and turns backslashes around; what it was given is then not what it means.
  if (/[\s\\\p{Cc}]/u.test(text)) return { fault: 'holds a space, a backslash or a control character' };
  if (!URL.canParse(text)) return { fault: `is not a valid URL; write one like ${example}` };
  const url = new URL(text);
  if (!allowQuery && /[?#]/.test(text)) return { fault: 'holds a query or a fragment; write only host, port and path' };
  if (schemes.includes('http:') && (url.username !== '' || url.password !== '' || text.includes('@'))) {
    return { fault: 'holds a user name or password; send it as a header instead (headers.request.set)' };
  }
  if (url.port === '0') return { fault: 'has port 0, to which nothing can connect' };
  if (!/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(url.hostname)) return { fault: 'has no valid host' };
  return { value: url };
}
