// replaceComments, removeComments and removeCommentsChar: three ways to take the comments of SQL and HTML out.
import { firstOf, flagsOf } from './bytes.ts';
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
    let length = 0;
    let inComment = false;
    for (let index = 0; index < value.length; ) {
      if (inComment) {
        const end = closingLength(value, index);
        inComment = end === 0;
        index += inComment ? 1 : end;
        continue;
      }
      const start = openingLength(value, index);
      if (start > 0) {
        inComment = true;
        index += start;
      } else if (isLineComment(value, index)) break;
      else out[length++] = value.charCodeAt(index++);
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
    let length = 0;
    for (let index = 0; index < value.length; ) {
      const byte = out[index]!;
      const mark = STARTS[byte] === 0 ? 0 : markLength(value, index);
      if (mark === 0) {
        out[length++] = byte;
        index++;
      } else index += mark;
    }
    return close(out, length, value);
  },
};

function markLength(value: string, index: number): number {
  return openingLength(value, index) || closingLength(value, index) || lineLength(value, index);
}

function openingLength(value: string, index: number): number {
  const byte = value.charCodeAt(index);
  if (byte === 0x2f && value.charCodeAt(index + 1) === 0x2a) return 2;
  return byte === 0x3c && value.startsWith('!--', index + 1) ? 4 : 0;
}

function closingLength(value: string, index: number): number {
  const byte = value.charCodeAt(index);
  if (byte === 0x2a && value.charCodeAt(index + 1) === 0x2f) return 2;
  return byte === 0x2d && value.startsWith('->', index + 1) ? 3 : 0;
}

function isLineComment(value: string, index: number): boolean {
  return lineLength(value, index) > 0;
}

function lineLength(value: string, index: number): number {
  const byte = value.charCodeAt(index);
  if (byte === 0x23) return 1;
  return byte === 0x2d && value.charCodeAt(index + 1) === 0x2d ? 2 : 0;
}
