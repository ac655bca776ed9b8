// The lines of a text, which rules see as values of their own: what is a payload by itself stays one between lines of prose.
import type { Named } from '../bodies/named.ts';

const LEAST_LINES = 4;
/** Longer lines are paragraphs, or what a program wrote. */
const MOST_BYTES = 600;
/** What no payload does without; full-width forms of it too (Unicode, FF01 to FF5E), but for what East Asian texts are set with. */
const TELLING = /[^\w\s.,:!?\x80-\xff-]|\xef(?:\xbc[\x82-\x87\x8a\x8b\x8f\x9c-\x9e\xbb-\xbd]|\xbd[\x80\x9b-\x9d])/;
/** In a text of which more lines are odd, odd lines are what it is made of: code, a log, a table. */
const MOST_ODD = 0.4;
/** Opens and closes a block of code in Markdown. */
const FENCE = '```';

/** Lines of prose that are more than words, at most `most`; none of code. */
export function oddLines(text: string, most: number): readonly Named[] {
  if (!hasLines(text)) return [];
  const found: Named[] = [];
  let lines = 0;
  let isFenced = false;
  for (let start = 0; start < text.length && found.length < most; ) {
    const next = text.indexOf('\n', start);
    const end = next === -1 ? text.length : next;
    const line = end - start <= MOST_BYTES ? text.slice(start, end).trim() : '';
    start = end + 1;
    if (line.startsWith(FENCE)) isFenced = !isFenced;
    else if (!isFenced && line !== '') {
      lines++;
      if (TELLING.test(line)) found.push({ name: 'line', value: line });
    }
  }
  return found.length > lines * MOST_ODD ? [] : found;
}

function hasLines(text: string): boolean {
  let at = -1;
  for (let lines = 1; lines < LEAST_LINES; lines++) {
    at = text.indexOf('\n', at + 1);
    if (at === -1) return false;
  }
  return true;
}
