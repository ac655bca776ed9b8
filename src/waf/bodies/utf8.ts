// Tells whether a body is UTF-8, and where it is not.
import { isUtf8 } from 'node:buffer';

/**
 * The offset of the first byte that is not UTF-8 (overlong forms and surrogates are not), -1 when all is well.
 * When `truncated`, a character that the end cuts off is well.
 */
export function invalidUtf8(body: Buffer, truncated: boolean): number {
  if (isUtf8(body)) return -1;
  const again = Buffer.from(body.toString('utf8'), 'utf8');
  let at = 0;
  while (at < body.length && body[at] === again[at]) at += 1;
  return truncated && isCutCharacter(body, at) ? -1 : at;
}

function isCutCharacter(body: Buffer, at: number): boolean {
  const lead = body[at] as number;
  const length = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (lead > 0xf4 || body.length - at >= length) return false;
  return body.subarray(at + 1).every((byte) => byte >= 0x80 && byte <= 0xbf);
}
