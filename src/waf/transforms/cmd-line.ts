// cmdLine: undoes what a shell would ignore. One pass, never longer than the value.
import { firstOf, flagsOf } from './bytes.ts';
import { close, open } from './scratch.ts';
import { byteRange, bytesOf, type Transform } from './transform.ts';

const COPY = 0;
const DROP = 1;
const BLANK = 2;
const JOIN = 3;

const KINDS = new Uint8Array(256).fill(COPY);
for (const byte of bytesOf('"\'\\^')) KINDS[byte] = DROP;
for (const byte of bytesOf(' ,;\t\r\n')) KINDS[byte] = BLANK;
for (const byte of bytesOf('/(')) KINDS[byte] = JOIN;

const TRIGGERS = [...bytesOf('"\'\\^ ,;\t\r\n'), ...byteRange(0x41, 0x5a)];
const FLAGS = flagsOf(TRIGGERS);

/**
 * Drops quotes, backslashes and carets, makes one blank of each run of blanks, commas and semicolons, drops it before
 * `/` and `(`, and folds to lower case (ModSecurity reference manual, cmdLine).
 */
export const cmdLine: Transform = {
  name: 'cmdline',
  triggers: TRIGGERS,
  adds: [0x20, ...byteRange(0x61, 0x7a)],
  apply(value) {
    const start = firstOf(value, FLAGS);
    if (start === -1) return value;
    const out = open(value);
    let length = start;
    let inBlank = false;
    for (let index = start; index < value.length; index++) {
      const byte = out[index]!;
      const kind = KINDS[byte]!;
      if (kind === DROP) continue;
      if (kind === BLANK) {
        if (!inBlank) out[length++] = 0x20;
        inBlank = true;
        continue;
      }
      if (kind === JOIN && inBlank) length--;
      inBlank = false;
      out[length++] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    }
    return close(out, length, value);
  },
};
