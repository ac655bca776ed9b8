// What transformations made of long texts, so that the scan and all rules that look at a text share it. Forgotten when
// the next exchange begins; bounded, so that a request of many long values holds no more than a few copies of itself.
import type { Transform } from './transforms/registry.ts';

/** Shorter texts are transformed faster than found. */
const LONG_TEXT = 2_048;
const MAX_TEXTS = 64;

interface Made {
  readonly transform: Transform;
  readonly before: string;
  readonly after: string;
}

const made: Made[] = [];
let oldest = 0;

/** The same as `transform.apply(value)`. */
export function transformed(transform: Transform, value: string): string {
  if (value.length < LONG_TEXT) return transform.apply(value);
  for (const known of made) if (known.transform === transform && known.before === value) return known.after;
  const after = transform.apply(value);
  made[oldest] = { transform, before: value, after };
  oldest = (oldest + 1) % MAX_TEXTS;
  return after;
}

export function forgetTexts(): void {
  made.length = 0;
  oldest = 0;
}
