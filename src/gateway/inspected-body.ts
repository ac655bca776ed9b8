// How much of a body the rules look at, and in which form: as whoever it is meant for will read it.
import { type CodingFault, decodeContent } from '../http/content-coding.ts';
import { type Gathered, GatheredBody } from '../http/gathered-body.ts';
import { headerList, headerValue } from '../http/headers.ts';
import type { Reply } from '../http/reply.ts';
import { isWhole } from '../http/reply.ts';
import { processorFor } from '../waf/bodies/processor.ts';
import type { Guard } from './guard.ts';

export const EMPTY: Buffer = Buffer.alloc(0);

/** What the backend will read out of a coded body is what the rules must see. */
export async function decoded(
  body: Gathered,
  headers: readonly string[],
  { config: { mode, body: bounds } }: Guard,
): Promise<Gathered | CodingFault> {
  const coding = headerList(headers, 'content-encoding');
  if (coding === undefined) return body;
  const content = await decodeContent(body, coding, bounds.inspectBytes);
  if (typeof content !== 'string') return { ...content, trailers: body.trailers };
  // A coding of a protocol of its own (aws-chunked) around what no processor would read hides nothing from one.
  const isOpaque = content === 'unknown' && processorFor(headerValue(headers, 'content-type') ?? '') === undefined;
  return mode === 'block' && !isOpaque ? content : body;
}

/** Streams of events are never held back, and nobody can read what is compressed. */
export function isInspectedType(headers: readonly string[], guard: Guard): boolean {
  if (headerValue(headers, 'content-encoding') !== undefined) return false;
  const type = (headerValue(headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type !== 'text/event-stream' && guard.inspectsType(type);
}

/** The beginning of the answer's body; what was read of it is still sent. */
export async function gatherResponse(
  reply: Reply,
  { config }: Guard,
): Promise<{ readonly bytes: Buffer; readonly isPrefix: boolean }> {
  const { body } = reply;
  const bound = config.body.inspectBytes;
  if (body === undefined) return { bytes: EMPTY, isPrefix: false };
  if (isWhole(body)) return { bytes: Buffer.from(body).subarray(0, bound), isPrefix: body.length > bound };
  const gathered = new GatheredBody(body, bound);
  reply.body = gathered;
  return gathered.gather();
}
