// Values within a value: members of a JSON text in a parameter, claims of a token, parameters of a URL. Rules that ask for them
// see them as they see parameters. What is not found here has still been seen as part of the value that it stands in.

import { percentDecoded } from '../../base/text.ts';
import { parseJson } from '../bodies/json.ts';
import type { Named } from '../bodies/named.ts';
import { parseQuery } from '../bodies/query.ts';
import { transformed } from '../text-memo.ts';
import { unwrap } from '../transforms/unfold.ts';
import { oddLines } from './lines.ts';

/** Values that are taken out of one value, and how deep such values may lie in each other. */
const MOST_VALUES = 256;
const MOST_LEVELS = 3;
const MOST_JSON_LEVELS = 32;

/** What a JSON text can begin with when it is wrapped: an escape, an entity, base64 of a brace or bracket, a mark of Express. */
const WRAPPED_JSON = /^(?:%|&|\\|e[wy]|W[13yw]|j:)/;
/** Header and claims of a token (RFC 7519, 3). */
const TOKEN = /^e[wy][\w-]*\.[\w-]+(?:\.|$)/;
/** How a document of GraphQL begins (GraphQL, October 2021, 2.2); an object of JSON goes on with a quote. */
const GRAPHQL = /^[\s]*(?:(?:query|mutation|subscription|fragment)\b|\{\s*[A-Za-z_])/;
const NUMBER = /^-?[\d.]*$/;

/** By their names as in a body of JSON, `json.user.name`; parameters of a URL have their own. */
export function innerValues(value: string, level = 1, found: Named[] = []): readonly Named[] {
  if (value.length < 2 || level > MOST_LEVELS) return found;
  if (value.charCodeAt(0) === 0x65 && TOKEN.test(value)) {
    for (const part of value.split('.', 2)) addJson(Buffer.from(part, 'base64'), level, found);
    return found;
  }
  if (GRAPHQL.test(value)) addStrings(value, level, found);
  else if (!opensJson(value)) found.push(...oddLines(unwrappedText(value), MOST_VALUES - found.length));
  if (opensJson(value)) addJson(Buffer.from(value, 'latin1'), level, found);
  else if (WRAPPED_JSON.test(value)) {
    const text = behindMark(transformed(unwrap, value));
    if (opensJson(text)) addJson(Buffer.from(text, 'latin1'), level, found);
  } else addUrl(value, level, found);
  return found;
}

/** The text that has the lines: a value in one line may be an encoded text of many. */
function unwrappedText(value: string): string {
  const isWrapped = value.length >= LEAST_TEXT && !value.includes('\n') && WRAPPED_LINES.test(value);
  return isWrapped ? transformed(unwrap, value) : value;
}

/** Shorter than any text of several lines that is encoded. */
const LEAST_TEXT = 64;
/** A line feed that is escaped in some way, or what may be base64. */
const WRAPPED_LINES = /%(?:25)*(?:u00)?0a|&(?:#|newline)|\\(?:u|x|0?12)|^[\w+/=-]+$/i;

/** Texts that are written out in a query. */
function addStrings(query: string, level: number, found: Named[]): void {
  let index = query.indexOf('"');
  while (index !== -1 && found.length < MOST_VALUES) {
    const end = closingQuote(query, index + 1);
    if (end > index + 1)
      add({ name: 'graphql', value: query.slice(index + 1, end).replaceAll('\\"', '"') }, level, found);
    index = query.indexOf('"', end + 1);
  }
}

function closingQuote(text: string, from: number): number {
  let index = from;
  while (index < text.length && text.charCodeAt(index) !== 0x22) index += text.charCodeAt(index) === 0x5c ? 2 : 1;
  return Math.min(index, text.length);
}

function behindMark(text: string): string {
  return text.startsWith('j:') ? text.slice(2) : text;
}

/** An object or an array; a string alone is seen as it is. */
export function opensJson(text: string): boolean {
  let index = 0;
  while (index < text.length && BLANKS.includes(text.charAt(index))) index++;
  const first = text.charCodeAt(index);
  return first === 0x7b || first === 0x5b;
}

const BLANKS = ' \t\r\n';

/** Whatever was read before a fault counts: a reader that is less strict may go on. */
export function addJson(bytes: Buffer, level: number, found: Named[]): void {
  const { args } = parseJson(bytes, { maxDepth: MOST_JSON_LEVELS, maxArguments: MOST_VALUES });
  for (const member of args) add(member, level, found);
}

function addUrl(value: string, level: number, found: Named[]): void {
  addPath(value, found);
  const mark = value.indexOf('?');
  // A question in a sentence has no parameters.
  if (mark === -1 || value.indexOf('=', mark) === -1 || value.includes(' ')) return;
  const fragment = value.indexOf('#', mark);
  const query = value.slice(mark + 1, fragment === -1 ? value.length : fragment);
  for (const member of parseQuery(query, { maxArguments: MOST_VALUES }).args) add(member, level, found);
}

/** The path of a URL as it is read: what begins there begins a value. */
function addPath(value: string, found: Named[]): void {
  const host = HOST.exec(value)?.[0];
  if (host === undefined) return;
  const mark = value.slice(host.length).search(/[?#]/);
  const path = mark === -1 ? value.slice(host.length) : value.slice(host.length, host.length + mark);
  if (path.length > 1) found.push({ name: 'path', value: percentDecoded(path.slice(1)) });
}

/** Up to the path; a blank before it is no part of a URL (RFC 3986, 3). */
const HOST = /^[a-z][a-z\d+.-]{0,15}:\/\/[^/?#\s]{0,300}(?=\/)/i;

function add(member: Named, level: number, found: Named[]): void {
  if (found.length >= MOST_VALUES) return;
  found.push(member);
  if (!NUMBER.test(member.value)) innerValues(member.value, level + 1, found);
}
