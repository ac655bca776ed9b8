// The one buffer in which transformations build their results. Between `open` and `close` no other transformation may
// run; all of them are synchronous, so none can.

/** A larger value gets a buffer of its own, which is not kept. */
const KEPT_BYTES = 256 * 1024;

/** Node's own methods behind `write` and `toString`, without the cost of looking at their arguments. */
interface Latin1 {
  latin1Write(text: string, offset: number, length: number): number;
  latin1Slice(start: number, end: number): string;
}

const KEPT = Buffer.allocUnsafeSlow(KEPT_BYTES) as Scratch;

/** Room for one result. */
export type Scratch = Buffer & Latin1;

/**
 * A buffer of at least `room` bytes that begins with the value. Whoever never makes it longer reads from it what comes
 * next, which is faster than asking a string for each of its bytes, and need not copy its start.
 */
export function open(value: string, room: number = value.length): Scratch {
  const out = room <= KEPT_BYTES ? KEPT : (Buffer.allocUnsafeSlow(room) as Scratch);
  out.latin1Write(value, 0, value.length);
  return out;
}

/** The first `length` bytes as a byte string, and the value itself when they are equal to it. */
export function close(out: Scratch, length: number, value: string): string {
  const text = out.latin1Slice(0, length);
  return length === value.length && text === value ? value : text;
}
