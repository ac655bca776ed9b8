// What requests are matched by: of routes, limits and exceptions.

import type { RouteMatch } from '../model/sites.ts';
import type { Part } from '../part.ts';
import { parsePathGlob } from '../syntax/request-match.ts';
import { lowerCaseEntries } from './headers.ts';

export const everything: RouteMatch = {
  path: undefined,
  method: undefined,
  header: undefined,
  query: undefined,
  client: undefined,
};

export function resolveMatch(part: Part): RouteMatch {
  return {
    path: textsOf(part.at('path'))?.map(canonicalGlob),
    method: textsOf(part.at('method'))?.map((method) => method.toUpperCase()),
    header: part.at('header').isGiven ? lowerCaseEntries(part.at('header')) : undefined,
    query: part.at('query').isGiven
      ? new Map(
          part
            .at('query')
            .entries()
            .map(([key, value]) => [key, value.text() ?? '']),
        )
      : undefined,
    client: textsOf(part.at('client')),
  };
}

/** undefined: the file says nothing. */
export function textsOf(list: Part): string[] | undefined {
  return list.isGiven ? list.items().map((item) => item.text() ?? '') : undefined;
}

/** As canonical paths are written. */
export function canonicalGlob(text: string): string {
  const parsed = parsePathGlob(text);
  return 'value' in parsed ? parsed.value : text;
}
