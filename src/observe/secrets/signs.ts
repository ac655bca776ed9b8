// The characters at which a text is looked at; all others make words.

export const NONE = 0;
/** Parts words, and no more. */
export const BOUNDARY = 1;
export const EQUALS = 2;
export const COLON = 3;
export const QUOTE = 4;
export const TAG = 5;
export const LINE_END = 6;

/** What may stand between a name and the sign behind it. */
export const GAP = ' \t"\'\\';

/** By character code; there is none for what is no byte. */
export const SIGNS: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => signOf(String.fromCharCode(code)));

function signOf(char: string): number {
  const at = '=:"<\n'.indexOf(char);
  if (at !== -1) return EQUALS + at;
  return " \t\r?#&;,/'\\(){}|>".includes(char) ? BOUNDARY : NONE;
}
