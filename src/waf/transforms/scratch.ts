// The one buffer in which transformations build their results and in which others read the bytes of a text. Until they are
// done nobody else may open one; all of them are synchronous, so nobody can.

/** Four times what is inspected of a body by default. A larger value gets a buffer of its own, which is not kept. */
const KEPT_BYTES = 512 * 1024;

/** Node's own methods behind `write` and `toString`, without the cost of looking at their arguments. */
interface Latin1 {
  latin1Write(text: string, offset: number, length: number): number;
  latin1Slice(start: number, end: number): string;
}

const KEPT = Buffer.allocUnsafeSlow(KEPT_BYTES) as Scratch;

/** Room for one result. */
export type Scratch = Buffer & Latin1;

/**
 * A buffer that begins with the value. Whoever never makes it longer reads from it what comes next, which is faster than
 * asking a string for each of its bytes, and need not copy its start. Behind the value stands what others left there.
 */
export function open(value: string): Scratch {
  const out = bufferOf(value.length);
  out.latin1Write(value, 0, value.length);
  return out;
}

/**
 * A buffer of `growth` times the value's length in which the value stands last, from `(growth - 1) * value.length` on:
 * whoever writes no more than `growth` bytes for each one that it has read never writes ahead of where it reads.
 */
export function openWide(value: string, growth: number): Scratch {
  const out = bufferOf(growth * value.length);
  out.latin1Write(value, (growth - 1) * value.length, value.length);
  return out;
}

function bufferOf(room: number): Scratch {
  return room <= KEPT_BYTES ? KEPT : (Buffer.allocUnsafeSlow(room) as Scratch);
}

/** The first `length` bytes as a byte string, and the value itself when they are equal to it. */
export function close(out: Scratch, length: number, value: string): string {
  const text = out.latin1Slice(0, length);
  return length === value.length && text === value ? value : text;
}
