// What is shown to the rules of a body that is no text.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readable } from '../../../src/waf/bodies/printable.ts';
import { open } from '../../../src/waf/transforms/scratch.ts';

const BINARY = `\x89PNG\r\n\x1a\n${'\0\x01\x02'.repeat(20)}`;

test('a text stays as it is, and so does one in UTF-16', () => {
  for (const text of ['', 'a b\r\n\tc', 'l\xc3\xa9on', Array.from('<script>', (char) => `${char}\0`).join('')]) {
    expect(readable(text)).toBe(text);
  }
});

test('of anything else the beginning and the runs that can be read are left, also one at the very end', () => {
  expect(readable(`${BINARY}<?php eval($x)\0short\0\x01the last one`)).toBe(
    `${BINARY.slice(0, 16)}\n<?php eval($x)\nthe last one`,
  );
});

test('what a longer body left in the buffer is not read', () => {
  const ends = fc.stringMatching(/^[ -~]{0,20}$/);
  fc.assert(
    fc.property(ends, (end) => {
      const texts = ['\0', 'a', '\xff'].map((leftover) => {
        open(leftover.repeat(1000));
        return readable(BINARY + end);
      });
      expect(new Set(texts).size).toBe(1);
    }),
  );
});
