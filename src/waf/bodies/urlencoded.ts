// The urlencoded body processor: the bytes of a body are a query string.
import { parseQuery, type QueryOptions, type QueryResult } from './query.ts';

/** Reads an `application/x-www-form-urlencoded` body, with the same rules and bounds as the query string. */
export function parseUrlencoded(body: Buffer, options: QueryOptions): QueryResult {
  return parseQuery(body.toString('latin1'), options);
}
