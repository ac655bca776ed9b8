// What limits are called, and what they count by.

import type { Parsed } from './parsed.ts';

const nameForm = /^[A-Za-z0-9][\w.-]{0,63}$/;
const keyForm = /^(?:(client\.ip|site|path)|(header|cookie|jwt):([^\s:"\\,;=]+))$/;

/** A property of requests that limits tell them apart by. Header names are lower-case. */
export type LimitKey =
  | { readonly by: 'client.ip' | 'site' | 'path' }
  | { readonly by: 'header' | 'cookie' | 'jwt'; readonly name: string };

/** It stands in the RateLimit fields, in records and in names of counters. */
export function parseLimitName(text: string): Parsed<string> {
  if (nameForm.test(text)) return { value: text };
  return { fault: 'is not a name of up to 64 letters, digits, -, _ and . that begins with a letter or digit' };
}

export function parseLimitKey(text: string): Parsed<LimitKey> {
  const [, alone, by, name = ''] = keyForm.exec(text) ?? [];
  if (alone === 'client.ip' || alone === 'site' || alone === 'path') return { value: { by: alone } };
  if (by === 'header') return { value: { by, name: name.toLowerCase() } };
  if (by === 'cookie' || by === 'jwt') return { value: { by, name } };
  return { fault: 'is not client.ip, site, path, header:NAME, cookie:NAME or jwt:CLAIM' };
}
