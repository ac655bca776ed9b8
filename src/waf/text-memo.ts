// What transformations made of texts, so that the scan and all rules that look at a text share it. Forgotten when the next
// exchange begins; bounded, so that a request of many values holds no more than 64 copies of a body at the default bounds.
import type { Transform } from './transforms/registry.ts';

/** Shorter texts are transformed faster than found. */
const LONG_TEXT = 256;
/** Characters that are kept, results only; beyond, all is forgotten. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

const made = new Map<Transform, Map<string, string>>();
let characters = 0;

/** The same as `transform.apply(value)`. */
export function transformed(transform: Transform, value: string): string {
  if (value.length < LONG_TEXT) return transform.apply(value);
  const known = made.get(transform)?.get(value);
  if (known !== undefined) return known;
  const after = transform.apply(value);
  keep(transform, value, after);
  return after;
}

function keep(transform: Transform, before: string, after: string): void {
  characters += after.length;
  if (characters > MAX_CHARACTERS) forgetTexts();
  const own = made.get(transform);
  if (own === undefined) made.set(transform, new Map([[before, after]]));
  else own.set(before, after);
}

export function forgetTexts(): void {
  if (characters === 0) return;
  characters = 0;
  made.clear();
}
