// sampleOf: texts that a pattern matches.
import { expect, test } from 'vitest';
import { parsePattern } from '../../../src/waf/pattern/parse.ts';
import { compilePattern } from '../../../src/waf/pattern/pattern.ts';
import { sampleOf } from '../../../src/waf/pattern/sample.ts';

test.for(['abc', 'a[b-d]{2,4}e', '(?i)select\\s+(?:from|union)', 'x(?:yz)*?[^a-z]+', '(a|b|)c?d{3}', '\\x00\\xff'])(
  '%s matches its samples',
  (text) => {
    const pattern = compilePattern(text);
    let state = 7;
    const random = (end: number) => {
      state = (state * 48_271) % 0x7fffffff;
      return state % end;
    };
    for (let i = 0; i < 200; i++) {
      const sample = sampleOf(parsePattern(text), random);
      expect(pattern.exec(sample)?.[0], JSON.stringify(sample)).toBe(0);
    }
  },
);
