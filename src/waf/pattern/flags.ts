// The flags of a pattern (`(?i)`): they hold up to the end of the group they stand in.
import type { Cursor } from './pattern-error.ts';

export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly extended: boolean;
}

/** With the letters of `on` set and those of `off` not. */
export function changedFlags(flags: Flags, on: string, off: string, cursor: Cursor, start: number): Flags {
  const unknown = /[^imsx]/.exec(on + off);
  if (unknown) cursor.fail(`flag ${unknown[0]} is not supported: i, m, s and x are`, start);
  const value = (letter: string, before: boolean) => !off.includes(letter) && (before || on.includes(letter));
  return {
    ignoreCase: value('i', flags.ignoreCase),
    multiline: value('m', flags.multiline),
    dotAll: value('s', flags.dotAll),
    extended: value('x', flags.extended),
  };
}
