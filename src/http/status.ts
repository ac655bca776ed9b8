// Statuses that the gateway itself answers with.
import { http } from '../base/node-http.ts';

/** The reason phrase, as registered (RFC 9110, 15). */
export function reasonPhrase(status: number): string {
  return http.STATUS_CODES[status] ?? 'Error';
}

/** True when a response to that method with that status has no content (RFC 9110, 6.4.1 and 15.3.6). */
export function hasNoContent(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 205 || status === 304;
}
