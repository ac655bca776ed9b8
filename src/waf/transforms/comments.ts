// replaceComments, removeComments and removeCommentsChar: three ways to take the comments of SQL and HTML out.
import { byteAt, firstOf, flagsOf } from './bytes.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

/** One blank for each C comment, also for one that does not end (ModSecurity reference manual, replaceComments). */
export const replaceComments: Transform = {
  name: 'replacecomments',
  // A comment needs both of its bytes; the asterisk is the rarer one.
  triggers: bytesOf('*'),
  adds: [0x20],
  apply(value) {
    let comment = value.indexOf('/*');
    if (comment === -1) return value;
    const out = open(value);
    let length = comment;
    while (comment !== -1) {
      out[length++] = 0x20;
      const end = value.indexOf('*/', comment + 2);
      if (end === -1) break;
      comment = value.indexOf('/*', end + 2);
      for (let index = end + 2; index < (comment === -1 ? value.length : comment); index++) {
        out[length++] = out[index]!;
      }
    }
    return close(out, length, value);
  },
};

const MARKS = bytesOf('*-#');
const FLAGS = flagsOf(MARKS);
/** What any mark of a comment begins with. */
const STARTS = flagsOf(bytesOf('/<*-#'));

/**
 * Drops C comments and HTML comments, either end closing either, one that does not end leaving a blank, and all that
 * follows `--` or `#` (ModSecurity reference manual, removeComments).
 */
export const removeComments: Transform = {
  name: 'removecomments',
  triggers: MARKS,
  adds: [0x20],
  apply(value) {
    if (firstOf(value, FLAGS) === -1) return value;
    const out = open(value);
    const end = value.length;
    let length = 0;
    let inComment = false;
    for (let index = 0; index < end; ) {
      if (inComment) {
        const closing = closingLength(out, index, end);
        inComment = closing === 0;
        index += inComment ? 1 : closing;
        continue;
      }
      const opening = openingLength(out, index, end);
      if (opening > 0) {
        inComment = true;
        index += opening;
      } else if (lineLength(out, index, end) > 0) break;
      else out[length++] = out[index++]!;
    }
    if (inComment) out[length++] = 0x20;
    return close(out, length, value);
  },
};

/** Drops the marks of comments and leaves what is inside (ModSecurity reference manual, removeCommentsChar). */
export const removeCommentsChar: Transform = {
  name: 'removecommentschar',
  triggers: MARKS,
  adds: [],
  apply(value) {
    if (firstOf(value, FLAGS) === -1) return value;
    const out = open(value);
    const end = value.length;
    let length = 0;
    for (let index = 0; index < end; ) {
      const byte = out[index]!;
      const mark = STARTS[byte] === 0 ? 0 : markLength(out, index, end);
      if (mark === 0) {
        out[length++] = byte;
        index++;
      } else index += mark;
    }
    return close(out, length, value);
  },
};

function markLength(bytes: Uint8Array, index: number, end: number): number {
  return openingLength(bytes, index, end) || closingLength(bytes, index, end) || lineLength(bytes, index, end);
}

/** `/*` and `<!--`. */
function openingLength(bytes: Uint8Array, index: number, end: number): number {
  const byte = bytes[index];
  if (byte === 0x2f) return byteAt(bytes, index + 1, end) === 0x2a ? 2 : 0;
  return byte === 0x3c && byteAt(bytes, index + 1, end) === 0x21 && lineLength(bytes, index + 2, end) === 2 ? 4 : 0;
}

/** `*\/` and `-->`. */
function closingLength(bytes: Uint8Array, index: number, end: number): number {
  if (bytes[index] === 0x2a) return byteAt(bytes, index + 1, end) === 0x2f ? 2 : 0;
  return lineLength(bytes, index, end) === 2 && byteAt(bytes, index + 2, end) === 0x3e ? 3 : 0;
}

/** `#` and `--`. */
function lineLength(bytes: Uint8Array, index: number, end: number): number {
  const byte = byteAt(bytes, index, end);
  if (byte === 0x23) return 1;
  return byte === 0x2d && byteAt(bytes, index + 1, end) === 0x2d ? 2 : 0;
}
