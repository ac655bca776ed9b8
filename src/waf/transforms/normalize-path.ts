// normalizePath and normalizePathWin: self-references, back-references and doubled slashes go. The result is a prefix
// that shrinks and grows in one buffer: each byte is written once and taken back at most once.
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const DOT = 0x2e;

/** As a file system reads a path, but for links (ModSecurity reference manual, normalizePath). */
export const normalizePath: Transform = {
  name: 'normalizepath',
  triggers: bytesOf('/.'),
  adds: [],
  apply: (value) => (value.includes('/') || endsInDots(value) ? normalize(value, false) : value),
};

/** As normalizePath, every backslash read as a slash first (ModSecurity reference manual, normalizePathWin). */
export const normalizePathWin: Transform = {
  name: 'normalizepathwin',
  triggers: bytesOf('/\\.'),
  adds: [SLASH],
  apply: (value) => (value.includes('/') || value.includes('\\') || endsInDots(value) ? normalize(value, true) : value),
};

/** Of a value without a slash only dots at its very end can be a segment's whole name, or pass for a back-reference. */
function endsInDots(value: string): boolean {
  return value === '.' || value.endsWith('..');
}

function normalize(value: string, win: boolean): string {
  if (value === '') return value;
  const out = open(value);
  const last = value.length - 1;
  if (win) for (let index = 0; index <= last; index++) if (out[index] === BACKSLASH) out[index] = SLASH;
  const relative = out[0] !== SLASH;
  const trailing = out[last] === SLASH;
  // At the start of a relative path back-references have nothing left to take away: they are kept.
  let keepsBack = false;
  let length = 0;
  for (let index = 0; index <= last; ) {
    const byte = out[index]!;
    const ends = index === last;
    if (byte === DOT && (ends || out[index + 1] === SLASH)) {
      const before = length === 0 ? SLASH : out[length - 1]!;
      if (before === DOT && relative && (keepsBack || length <= 2)) keepsBack = true;
      else if (before === DOT || before === SLASH) {
        if (before === DOT) {
          length = parentLength(out, length);
          if (length === 0) {
            keepsBack = true;
            if (!relative && ends) length = 1;
          }
          if (ends) break;
        } else {
          if (ends) break;
          if (length > 0) length--;
        }
        index++;
      }
    } else if (length > 0 && (ends || (byte !== SLASH && out[index + 1] === SLASH))) keepsBack = false;
    // The slash that ended a dropped segment is copied like any other byte, the last one of a run.
    const copied = out[index]!;
    if (copied === SLASH) {
      while (index < last && out[index + 1] === SLASH) index++;
      if (relative && length === 0) {
        index++;
        continue;
      }
    }
    out[length++] = copied;
    index++;
  }
  if (!trailing && length > 0 && out[length - 1] === SLASH) length--;
  return close(out, length, value);
}

/** Where the segment before a back-reference began, at its slash; 0: there is no slash before it. */
function parentLength(out: Uint8Array, length: number): number {
  let parent = length - 3;
  while (parent > 0 && out[parent] !== SLASH) parent--;
  return Math.max(parent, 0);
}
