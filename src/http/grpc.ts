// What marks a gRPC call: its messages go both ways at once, for as long as both sides like.
import { headerValue } from './headers.ts';
import type { RawHead } from './raw-head.ts';
import type { Reply } from './reply.ts';

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

/** As clients of gRPC read a status of HTTP (gRPC, "HTTP to gRPC Status Code Mapping"); any other is UNKNOWN. */
const STATUSES: Readonly<Record<number, number>> = {
  400: 13, // INTERNAL
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 12, // UNIMPLEMENTED
  429: 14, // UNAVAILABLE
  502: 14,
  503: 14,
  504: 14,
};
const UNKNOWN = 2;

/** Trailers and nothing before them (gRPC over HTTP/2, "Responses"). `message`: printable ASCII. */
export function refuseGrpc(status: number, message: string): Reply {
  const code = STATUSES[status] ?? UNKNOWN;
  const said = message.replaceAll('%', '%25');
  const headers = ['content-type', 'application/grpc', 'grpc-status', String(code), 'grpc-message', said];
  return { status, sentStatus: 200, headers, body: undefined };
}
