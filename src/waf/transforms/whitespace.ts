// compressWhitespace, removeWhitespace and the three trims. White space is ASCII's; removeWhitespace alone knows more.
import { firstOf, flagsOf, isSpace } from './bytes.ts';
import { removal } from './removal.ts';
import { close, open } from './scratch.ts';
import { bytesOf, type Transform } from './transform.ts';

const SPACES = bytesOf('\t\n\v\f\r ');
const FLAGS = flagsOf(SPACES);

/** One blank for each run of white space (ModSecurity reference manual, compressWhitespace). */
export const compressWhitespace: Transform = {
  name: 'compresswhitespace',
  triggers: SPACES,
  adds: [0x20],
  apply(value) {
    const start = firstOf(value, FLAGS);
    if (start === -1) return value;
    const out = open(value);
    let length = start;
    let inSpace = false;
    for (let index = start; index < value.length; index++) {
      const byte = out[index]!;
      const space = isSpace(byte);
      if (!space) out[length++] = byte;
      else if (!inSpace) out[length++] = 0x20;
      inSpace = space;
    }
    return close(out, length, value);
  },
};

/** Drops white space, and both bytes of a no-break space in UTF-8 wherever they stand (ModSecurity v3, removeWhitespace). */
export const removeWhitespace: Transform = removal('removewhitespace', [...SPACES, 0xa0, 0xc2]);

/** Drops white space at the start (ModSecurity reference manual, trimLeft). */
export const trimLeft: Transform = trimming('trimleft', true, false);

/** Drops white space at the end (ModSecurity reference manual, trimRight). */
export const trimRight: Transform = trimming('trimright', false, true);

/** Drops white space at both ends (ModSecurity reference manual, trim). */
export const trim: Transform = trimming('trim', true, true);

function trimming(name: string, left: boolean, right: boolean): Transform {
  return {
    name,
    triggers: SPACES,
    adds: [],
    apply(value) {
      let start = 0;
      let end = value.length;
      if (left) while (start < end && isSpace(value.charCodeAt(start))) start++;
      if (right) while (end > start && isSpace(value.charCodeAt(end - 1))) end--;
      return end - start === value.length ? value : value.slice(start, end);
    },
  };
}
