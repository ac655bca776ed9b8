// Lines of a text as values of their own.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oddLines } from '../../../src/waf/inner/lines.ts';

const word = fc.stringMatching(/^[a-z]{1,8}$/);

test('one odd line among enough lines of words is found wherever it stands', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 3, maxLength: 9 }), fc.nat(9), (words, place) => {
      const lines = words.toSpliced(place, 0, "' or 1=1 -- x");
      expect(oddLines(lines.join('\n'), 9)).toEqual([{ name: 'line', value: "' or 1=1 -- x" }]);
    }),
  );
});

test('never more lines than asked for, whatever the text is', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '<', '\n', '`', ' '), maxLength: 200 }),
      fc.nat(3),
      (text, most) => {
        expect(oddLines(text, most).length).toBeLessThanOrEqual(most);
      },
    ),
  );
});
