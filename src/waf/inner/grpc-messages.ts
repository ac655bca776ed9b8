// The messages of a gRPC body: a byte that says whether it is compressed, four of length, the message (gRPC over HTTP/2).
import { gunzipSync, inflateSync } from 'node:zlib';

const PREFIX_BYTES = 5;
/** How much a compressed message may become. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Complete messages, uncompressed; the last one may be cut. undefined: these are no such messages. */
export function grpcMessages(body: Buffer, isPrefix: boolean): Buffer[] | undefined {
  const messages: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    const flags = body[at] as number;
    if (body.length - at < PREFIX_BYTES || flags > 1) return undefined;
    const start = at + PREFIX_BYTES;
    at = start + body.readUInt32BE(start - 4);
    if (at > body.length && !isPrefix) return undefined;
    const message = body.subarray(start, at);
    messages.push(flags === 1 ? inflated(message) : message);
  }
  return messages;
}

/** What cannot be inflated is left as it is. */
function inflated(message: Buffer): Buffer {
  const isGzip = message[0] === 0x1f && message[1] === 0x8b;
  try {
    return (isGzip ? gunzipSync : inflateSync)(message, { maxOutputLength: MOST_BYTES });
  } catch {
    return message;
  }
}
