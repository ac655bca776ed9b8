// What marks a gRPC call: its messages go both ways at once, for as long as both sides like.
import { headerValue } from './headers.ts';
import type { RawHead } from './raw-head.ts';

/**
 * Only what can really be such a call counts: a type alone, on any request, would be a way past the rules, which do not
 * wait for these bodies, and past the clock of `timeouts.body`.
 */
export function isGrpc({ protocol, method, headers }: RawHead): boolean {
  return (
    protocol === 'h2' &&
    method === 'POST' &&
    headerValue(headers, 'te')?.toLowerCase() === 'trailers' &&
    headerValue(headers, 'content-length') === undefined &&
    /^application\/grpc(?:[+;]|$)/i.test(headerValue(headers, 'content-type') ?? '')
  );
}
