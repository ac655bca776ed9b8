// How often a part of a pattern is repeated: `* + ? {n} {n,} {n,m}`.

export const QUANTIFIER: RegExp = /[*+?]|\{(\d+)(,(\d*))?\}/y;

/** The bounds that a match of QUANTIFIER means. */
export function boundsOf(found: RegExpExecArray): { min: number; max: number } {
  if (found[0] === '*') return { min: 0, max: Infinity };
  if (found[0] === '+') return { min: 1, max: Infinity };
  if (found[0] === '?') return { min: 0, max: 1 };
  const min = Number(found[1]);
  if (found[2] === undefined) return { min, max: min };
  return { min, max: found[3] === '' ? Infinity : Number(found[3]) };
}

/** Whether the brace at `at` begins a quantifier; any other is an ordinary byte. */
export function isQuantifier(text: string, at: number): boolean {
  const form = /\{\d+(?:,\d*)?\}/y;
  form.lastIndex = at;
  return form.test(text);
}
