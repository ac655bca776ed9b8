// The parts of a request or an answer as operators name them: `args.comment`, `headers.x-forwarded-for`, `json./user/name`.

import type { FieldPath } from '../model/waf.ts';
import { didYouMean } from '../suggest.ts';
import type { Parsed } from './parsed.ts';

/** Those that have members with a name, and those that have none. */
const NAMED = [
  'args',
  'names',
  'cookies',
  'headers',
  'json',
  'files',
  'files.name',
  'files.content',
  'files.text',
  'files.size',
  'parts',
  'xml.dtd',
  'response.headers',
];
const SINGLE = [
  'headers.names',
  'path',
  'segments',
  'url',
  'query',
  'method',
  'protocol',
  'host',
  'body',
  'body.rest',
  'body.size',
  'files.total',
  'xml',
  'client.ip',
  'inputs',
  'response.body',
  'response.status',
];

export const writeField = 'a field like args.comment, headers.referer, cookies.NAME, json./user/name or files';

/**
 * The longest area that the text begins with, then a point and a name (which may hold points and `*`). Behind `json`
 * stands a pointer (RFC 6901). A variable of SecLang in capitals, `ARGS_NAMES:id`, is taken as it is.
 */
export function parseFieldPath(text: string): Parsed<FieldPath> {
  if (/[\p{Cc}]/u.test(text) || text.length > 500) return { fault: `is not a field; write ${writeField}` };
  const [, variable, member] = /^([A-Z][A-Z0-9_]*)(?::(.+))?$/.exec(text) ?? [];
  if (variable !== undefined) return { value: { area: variable, name: member } };
  if (SINGLE.includes(text)) return { value: { area: text, name: undefined } };
  const area = NAMED.findLast((name) => text === name || text.startsWith(`${name}.`));
  if (area === undefined) {
    const guess = didYouMean(text.split('.', 1)[0] ?? '', [...NAMED, ...SINGLE]);
    return { fault: `is not a field${guess}; write ${writeField}` };
  }
  if (text === area) return { value: { area, name: undefined } };
  const name = text.slice(area.length + 1);
  if (name === '') return { fault: `lacks the name behind ${area}.` };
  if (area === 'json' && !name.startsWith('/')) {
    return { fault: `is not a pointer into JSON; write it like json./${name.replaceAll('.', '/')}` };
  }
  return { value: { area, name } };
}

/** The text that `parseFieldPath` reads back. */
export function formatFieldPath({ area, name }: FieldPath): string {
  if (name === undefined) return area;
  return /^[A-Z]/.test(area) ? `${area}:${name}` : `${area}.${name}`;
}
