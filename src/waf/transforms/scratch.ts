// The one buffer in which transformations build their results. Between `open` and `close` no other transformation may
// run; all of them are synchronous, so none can.

/** A larger value gets a buffer of its own, which is not kept. */
const KEPT_BYTES = 256 * 1024;

const KEPT: Buffer = Buffer.allocUnsafeSlow(KEPT_BYTES);

/** A buffer of at least `room` bytes that begins with the value, so that whoever shortens it need not copy its start. */
export function open(value: string, room: number = value.length): Buffer {
  const out = room <= KEPT_BYTES ? KEPT : Buffer.allocUnsafeSlow(room);
  out.write(value, 0, 'latin1');
  return out;
}

/** The first `length` bytes as a byte string, and the value itself when they are equal to it. */
export function close(out: Buffer, length: number, value: string): string {
  const text = out.toString('latin1', 0, length);
  return length === value.length && text === value ? value : text;
}
