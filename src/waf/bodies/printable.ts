// What of a body that is no text is worth a look: its first bytes, which tell what it is, and the runs of printable
// characters in it. To walk pictures and archives byte by byte would cost far more than it finds.
import { byteAt } from '../transforms/bytes.ts';
import { open } from '../transforms/scratch.ts';

/** So many bytes tell whether something is text. */
const HEAD_BYTES = 1024;
/** Kept as they are when it is none. */
const MAGIC_BYTES = 16;
/** Of so many bytes of a text one may be a control character. */
const BYTES_PER_CONTROL = 16;
/** Shorter runs come about by chance. */
const LEAST_RUN = 8;

/** A text as it is; of any other string of bytes what can be read in it, a line for each run. */
export function readable(value: string): string {
  const bytes = open(value);
  const end = value.length;
  if (isText(bytes, Math.min(end, HEAD_BYTES))) return value;
  let text = value.slice(0, MAGIC_BYTES);
  let start = MAGIC_BYTES;
  for (let index = MAGIC_BYTES; index <= end; index++) {
    const byte = byteAt(bytes, index, end);
    if (byte >= 0x20 && byte < 0x7f) continue;
    if (index - start >= LEAST_RUN) text += `\n${value.slice(start, index)}`;
    start = index + 1;
  }
  return text;
}

/** In UTF-16 every other byte of an ASCII text is NUL: that is one too. */
function isText(bytes: Uint8Array, end: number): boolean {
  let controls = 0;
  let nulls = 0;
  for (let index = 0; index < end; index++) {
    const byte = bytes[index]!;
    if (byte === 0) nulls++;
    else if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) controls++;
  }
  const isWide = nulls >= (end >> 1) - 2 && nulls <= (end >> 1) + 2;
  return (isWide ? controls : controls + nulls) * BYTES_PER_CONTROL <= end;
}
