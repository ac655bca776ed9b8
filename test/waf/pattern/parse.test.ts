// parsePattern: what PCRE's syntax means here, and what is refused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_NESTING, parsePattern, parseTerm } from '../../../src/waf/pattern/parse.ts';
import { compilePattern } from '../../../src/waf/pattern/pattern.ts';
import { PatternError } from '../../../src/waf/pattern/pattern-error.ts';
import meanings from './meanings.json' with { type: 'json' };
import refusals from './refusals.json' with { type: 'json' };
import specialRefusals from './special-refusals.json' with { type: 'json' };

test.for(meanings)('$pattern finds $found in $value', ({ pattern, value, found }) => {
  const match = compilePattern(pattern).exec(value);
  expect(match === undefined ? null : value.slice(match[0], match[1])).toBe(found);
});

test.for(refusals)('$pattern is refused: $message', ({ pattern, message, offset }) => {
  expectRefusal(() => parseTerm(pattern), message, offset);
});

test.for(specialRefusals)('$pattern is refused where there are automata only', ({ pattern, message, offset }) => {
  expect(() => parseTerm(pattern)).not.toThrow();
  expectRefusal(() => parsePattern(pattern), message, offset);
});

describe('option multiline', () => {
  test.for([
    ['^b$', 'a\nb\nc', true],
    ['^$', 'a\n\nb', true],
    ['^', 'a\n', true],
    ['a$\\n^b', 'a\nb', true],
    ['\\n^\\z', 'a\n', false],
    ['^b\\z', 'a\nb', true],
    ['\\Ab', 'a\nb', false],
    ['a\\Z', 'a\nb', false],
    ['(?-m)^b', 'a\nb', false],
    ['(?-m:^)b', 'a\nb', false],
  ] as const)('%s on %j: %s', ([pattern, value, expected]) => {
    expect(compilePattern(pattern, { multiline: true }).test(value)).toBe(expected);
  });
});

test('groups are numbered by their opening and say where they took part', () => {
  const match = compilePattern('(?<year>\\d+)-(?:(a)|(?P<b>b))(c)?').exec('x 12-b');
  expect(match!.slice(0, 10)).toEqual(Int32Array.of(2, 6, 2, 4, -1, -1, 5, 6, -1, -1));
});

test('groups above 9 are matched but not reported', () => {
  const match = compilePattern('(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)').exec('abcdefghij');
  expect(match).toHaveLength(20);
  expect(match!.slice(18)).toEqual(Int32Array.of(8, 9));
});

test('nesting is bounded', () => {
  const nested = (depth: number) => '('.repeat(depth) + ')'.repeat(depth);
  expect(() => parsePattern(nested(MAX_NESTING))).not.toThrow();
  expect(() => parsePattern(nested(MAX_NESTING + 1))).toThrow('nested deeper');
});

test('any text is parsed or refused with a PatternError, never hung on', () => {
  const piece = fc.constantFrom(
    ...'()[]{}?*+|^$\\.-:,<>=!#&Pimsx0123abQEdwbzZAk\n é'.split(''),
    '(?',
    '[[:',
    '\\x{',
    '{2,',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.string({ maxLength: 20 }), (pieces, value) => {
      try {
        const pattern = compilePattern(pieces.join(''));
        const latin1 = Buffer.from(value).toString('latin1');
        expect(pattern.exec(latin1) !== undefined).toBe(pattern.test(latin1));
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        expect(error.offset).toBeLessThanOrEqual(Buffer.byteLength(pieces.join('')));
      }
    }),
    { numRuns: 5_000 },
  );
});

function expectRefusal(parse: () => unknown, message: string, offset: number): void {
  let error: unknown;
  try {
    parse();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(PatternError);
  expect((error as PatternError).message).toContain(message);
  expect((error as PatternError).offset).toBe(offset);
}
