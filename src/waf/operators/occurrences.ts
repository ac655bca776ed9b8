// Finding one byte string in another in linear time, whatever both are: the engine's own search compares every byte of
// the needle at every offset when both repeat themselves, and an argument with a macro may be as long as a body.
import { open } from '../transforms/scratch.ts';

/** Up to this length the engine's search is fast, and its worst case a small factor. */
const SHORT_BYTES = 64;

/** Calls `accept` with the offset of each occurrence, overlapping ones too, until it says true; -1 when it never does. */
export type Search = (value: string, accept: (start: number) => boolean) => number;

/** Prepares the search for one needle, which is not empty. */
export function searchFor(needle: string): Search {
  return needle.length <= SHORT_BYTES ? searchShort(needle) : searchLong(needle);
}

/** The offset of the first occurrence, -1 without one; the empty needle is at 0. */
export function indexOf(needle: string): (value: string) => number {
  if (needle.length <= SHORT_BYTES) return (value) => value.indexOf(needle);
  const search = searchLong(needle);
  return (value) => search(value, () => true);
}

function searchShort(needle: string): Search {
  return (value, accept) => {
    let start = value.indexOf(needle);
    while (start !== -1 && !accept(start)) start = value.indexOf(needle, start + 1);
    return start;
  };
}

/** Knuth, Morris, Pratt. */
function searchLong(needle: string): Search {
  const sought = Buffer.from(needle, 'latin1');
  const borders = bordersOf(sought);
  return (value, accept) => {
    const bytes = open(value);
    let matched = 0;
    for (let index = 0; index < value.length; index++) {
      const byte = bytes[index];
      while (matched > 0 && sought[matched] !== byte) matched = borders[matched - 1]!;
      if (sought[matched] === byte) matched++;
      if (matched < needle.length) continue;
      const start = index + 1 - needle.length;
      if (accept(start)) return start;
      matched = borders[matched - 1]!;
    }
    return -1;
  };
}

/** For each prefix of the needle, the length of its longest proper prefix that is also its suffix. */
function bordersOf(needle: Uint8Array): Int32Array {
  const borders = new Int32Array(needle.length);
  for (let index = 1, border = 0; index < needle.length; index++) {
    const byte = needle[index];
    while (border > 0 && needle[border] !== byte) border = borders[border - 1]!;
    if (needle[border] === byte) border++;
    borders[index] = border;
  }
  return borders;
}
