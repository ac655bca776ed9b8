import fc from 'fast-check';
import { expect, test } from 'vitest';
import { phrasesOf } from '../../../src/waf/operators/phrases.ts';

test.for([
  ['', []],
  ['  ', []],
  ['a', ['a']],
  [' abc  def\tghi ', ['abc', 'def', 'ghi']],
  ['A|42|C|44|F', ['ABCDF']],
  ['|41 42 43| x', ['ABC', 'x']],
  ['|414243|', ['ABC']],
  ['a|0D 0a|b', ['a\r\nb']],
  ['a|20|b c', ['a b', 'c']],
  ['a|ff 00|', ['a\xff\0']],
  ['|| a|b', ['||', 'a|b']],
  ['|4|', ['|4|']],
  ['|41 42', ['|41', '42']],
  ['a\\:b\\;c\\\\d\\"e', ['a:b;c\\d"e']],
  ['\\|41\\|', ['|41|']],
  ['c:\\windows \\d', ['c:\\windows', '\\d']],
  ['"quoted words"', ['quoted', 'words']],
  ['"', ['"']],
] as const)('%j is %j', ([argument, phrases]) => {
  expect(phrasesOf(argument)).toEqual(phrases);
});

test('words without marks are themselves', () => {
  const words = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'B', '0', '-', '.', '/', '\xe9', '$') });
  fc.assert(
    fc.property(fc.array(words), (list) => {
      expect(phrasesOf(list.join(' '))).toEqual(list);
    }),
  );
});

test('any bytes can be written in hexadecimal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      expect(phrasesOf(`x|${buffer.toString('hex')}| y`)).toEqual([`x${buffer.toString('latin1')}`, 'y']);
    }),
  );
});
