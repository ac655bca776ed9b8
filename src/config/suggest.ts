// "did you mean": finds what the operator most likely wanted to write.

import { distance } from 'fastest-levenshtein';

/** Longer texts are no slips of the finger, and comparing them costs time. */
const maxLength = 64;

/** The closest of the allowed words; undefined when none is close. Case, hyphens and underscores weigh nothing. */
export function closest(written: string, allowed: Iterable<string>): string | undefined {
  const word = plain(written);
  if (word === '' || word.length > maxLength) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of allowed) {
    const apart = distanceBetween(word, plain(candidate));
    if (apart < bestDistance) [best, bestDistance] = [candidate, apart];
  }
  return best;
}

/** `; did you mean "idle"?`, or nothing when no allowed word is close. */
export function didYouMean(written: string, allowed: Iterable<string>): string {
  const word = closest(written, allowed);
  return word === undefined ? '' : `; did you mean "${word}"?`;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_\s]/g, '');
}

function distanceBetween(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length === b.length && sorted(a) === sorted(b)) return 1;
  if (a.length >= 3 && b.startsWith(a)) return 1;
  const longer = Math.max(a.length, b.length);
  const apart = distance(a, b);
  return apart < longer && apart <= Math.max(1, Math.floor(longer / 3)) ? apart : Number.POSITIVE_INFINITY;
}

function sorted(text: string): string {
  return Array.from(text).sort().join('');
}
