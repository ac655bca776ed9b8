// Passes on what workers write to stdout and stderr: whole lines, so that those of several workers never mix, and no faster
// than the reader takes them, until they are to end.
import type { Readable } from 'node:stream';
import type { LineSink } from '../observe/line-sink.ts';

/** A line without an end is passed on in pieces of this. */
const MAX_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 10;

/** From now on all is taken at once: the one who writes ends, and its reader is waited for here. */
export type Hurry = () => void;

/** Ends with the stream. */
export function relayLines(from: Readable, to: LineSink): Hurry {
  let begun: Buffer[] = [];
  let bytes = 0;
  let isHurried = false;
  const pass = (text: string): void => {
    if (to.write(text) || isHurried) return;
    from.pause();
    to.whenEmpty(() => from.resume());
  };
  from.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    begun.push(chunk.subarray(0, end === 0 ? chunk.length : end));
    bytes += chunk.length;
    if (end === 0 && bytes < MAX_LINE_BYTES) return;
    const whole = Buffer.concat(begun).toString();
    begun = end === 0 || end === chunk.length ? [] : [chunk.subarray(end)];
    bytes = end === 0 ? 0 : chunk.length - end;
    pass(end === 0 ? `${whole}\n` : whole);
  });
  // The last words of a process that was killed.
  from.on('end', () => {
    if (begun.length > 0) pass(`${Buffer.concat(begun).toString()}\n`);
  });
  from.on('error', () => {});
  return () => {
    isHurried = true;
    from.resume();
  };
}
