// What HPACK (RFC 7541) is told of the fields that are sent.
import { sensitiveHeaders } from 'node:http2';

/** Another value with every message. */
const UNIQUE = ['x-request-id'];

/**
 * Marks, in place, the fields of a flat list that are never to be indexed (RFC 7541, 6.2.3). In the table they would drive out
 * what comes again, and its search would pass all of them each time.
 */
export function markUnique(head: string[]): string[] {
  (head as unknown as Record<symbol, readonly string[]>)[sensitiveHeaders] = UNIQUE;
  return head;
}
