import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseInteger } from '../../../src/waf/operators/compare.ts';
import { OperatorError, operator, operatorNames, type Test } from '../../../src/waf/operators/registry.ts';
import { latin1Chunk } from '../../../src/waf/pattern/latin1.ts';
import { open } from '../../../src/waf/transforms/scratch.ts';
import { leftovers, openEnded } from '../transforms/byte-strings.ts';

function compile(name: string, argument: string, lines?: readonly string[]): Test {
  const known = operator(name);
  if (known === undefined) throw new Error(`no operator ${name}`);
  return known.compile(lines === undefined ? { argument } : { argument, lines });
}

const byteStrings = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) });

describe('numbers', () => {
  test.for([
    ['', 0],
    [' \t\n12', 12],
    ['12abc', 12],
    ['+7', 7],
    ['-7', -7],
    ['--7', 0],
    ['- 7', 0],
    ['0x10', 0],
    ['007', 7],
    ['-0', 0],
    ['12\x0034', 12],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775808', 9223372036854775807n],
    ['-99999999999999999999', -9223372036854775808n],
  ] as const)('%j begins with %s', ([text, number]) => {
    expect(parseInteger(text)).toBe(number);
  });

  test('compare as whole numbers of 64 bits do', () => {
    const integers = fc.oneof(
      fc.bigInt({ min: -20n, max: 20n }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), 999_999_999_999_999n, 1_000_000_000_000_000n),
    );
    fc.assert(
      fc.property(integers, integers, (value, argument) => {
        const holds = (name: string) => compile(name, String(argument))(String(value));
        expect(['eq', 'ge', 'gt', 'le', 'lt'].map(holds)).toEqual([
          value === argument,
          value >= argument,
          value > argument,
          value <= argument,
          value < argument,
        ]);
      }),
    );
  });
});

describe('texts', () => {
  test('the span of a match holds the argument', () => {
    expect(compile('contains', 'bc')('abcbc')).toEqual({ start: 1, end: 3 });
    expect(compile('containsWord', 'bc')('abc bc')).toEqual({ start: 4, end: 6 });
    expect(compile('beginsWith', 'ab')('abab')).toEqual({ start: 0, end: 2 });
    expect(compile('endsWith', 'ab')('abab')).toEqual({ start: 2, end: 4 });
  });

  test('case counts, and an empty argument is everywhere', () => {
    for (const name of ['contains', 'strmatch', 'containsWord', 'beginsWith', 'endsWith']) {
      expect(compile(name, 'A')('a'), name).toBe(false);
      expect(compile(name, '')('a'), name).not.toBe(false);
      expect(compile(name, '')(''), name).not.toBe(false);
    }
    expect(compile('streq', '')('')).toBe(true);
    expect(compile('within', 'GET POST')('get')).toBe(false);
  });

  test('contains, within and their like agree with the plain search for any texts, long needles too', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'ab', 'aab'), maxLength: 200 });
    fc.assert(
      fc.property(texts, texts, (value, argument) => {
        expect(compile('contains', argument)(value) !== false).toBe(value.includes(argument));
        expect(compile('strmatch', argument)(value) !== false).toBe(value.includes(argument));
        expect(compile('within', value)(argument)).toBe(value.includes(argument));
      }),
    );
  });

  test('containsWord finds an occurrence with no letter beside it, long needles too', () => {
    const needles = fc.constantFrom('a', 'ab', 'a a', `${'a '.repeat(40)}a`, 'b'.repeat(70));
    const gaps = fc.constantFrom('', ' ', '1', '_', 'a', 'b', '\xe9');
    const values = fc.array(fc.oneof(needles, gaps), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(values, needles, (value, needle) => {
        expect(compile('containsWord', needle)(value) !== false).toBe(
          new RegExp(`(?<![A-Za-z])${needle}(?![A-Za-z])`).test(value),
        );
      }),
    );
  });

  test('texts that repeat themselves are searched to the end', () => {
    const needle = `b${'a'.repeat(50_000)}`;
    const value = 'a'.repeat(1_000_000);
    expect(compile('contains', needle)(value)).toBe(false);
    expect(compile('containsWord', 'a'.repeat(50_000))(value)).toBe(false);
    expect(compile('within', value)(needle)).toBe(false);
  });
});

describe('ipMatch', () => {
  test.for([
    ['127.0.0.1,::1', '127.0.0.1', true],
    ['127.0.0.1,::1', '::1', true],
    ['127.0.0.1, ::1', '0:0:0:0:0:0:0:1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:0b01:0203', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.1.2.3', '10.1.2.3', true],
    ['::/0', '2001:db8::1', true],
    ['0.0.0.0/0', '192.0.2.1', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['10.0.0.0/8', '', false],
    ['10.0.0.0/8', '10.0.0.1, 10.0.0.2', false],
    ['10.0.0.0/8', '10', false],
  ] as const)('%s and %s: %s', ([argument, value, matches]) => {
    expect(compile('ipMatch', argument)(value)).toBe(matches);
  });

  test.for([
    '',
    ',',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0.0/-1',
    '1.2.3.4/255.0.0.0',
  ])('%j is no list of addresses', (argument) => {
    expect(() => compile('ipMatch', argument)).toThrow(OperatorError);
  });

  test('a file is a list with comments', () => {
    const inFile = compile('ipMatchFromFile', 'bad.txt', ['192.0.2.0/24 # documentation', '198.51.100.1,198.51.100.2']);
    expect(['192.0.2.9', '198.51.100.2', '198.51.100.3'].map(inFile)).toEqual([true, true, false]);
    expect(compile('ipMatchF', 'bad.txt', ['::1'])('::1')).toBe(true);
    expect(() => compile('ipMatchF', 'bad.txt')).toThrow(OperatorError);
  });
});

describe('validation', () => {
  test.for(['', 'x', '1-', '-1', '256', '1-256', '9-1', '1,,2', '1-2-3'])('%j is no byte range', (argument) => {
    expect(() => compile('validateByteRange', argument)).toThrow(OperatorError);
  });

  test('validateByteRange shows the first byte outside', () => {
    expect(compile('validateByteRange', '32-36, 38 - 126')('ab%c')).toEqual({ start: 2, end: 3 });
    expect(compile('validateByteRange', '1-255')('')).toBe(false);
  });

  test('validateByteRange says what a pattern of the same class says', () => {
    const outside = compile('validateByteRange', '9,10,13,32-126,128-255');
    fc.assert(fc.property(byteStrings, (value) => (outside(value) !== false) === /[^\t\n\r -~\x80-\xff]/.test(value)));
  });

  test('validateUrlEncoding says what a pattern says', () => {
    const pieces = fc.array(fc.constantFrom('%', '%4', '%41', '%zz', 'a', '%u0041'), { maxLength: 8 });
    const wrong = compile('validateUrlEncoding', '');
    fc.assert(
      fc.property(pieces, (parts) => {
        const value = parts.join('');
        const index = value.search(/%(?![\da-f]{2})/i);
        expect(wrong(value)).toEqual(index !== -1 && { start: index, end: value.length });
      }),
    );
  });

  test('validateUtf8Encoding says what a strict decoder says', () => {
    const strict = new TextDecoder('utf-8', { fatal: true });
    const isValid = (value: string) => {
      try {
        strict.decode(Buffer.from(value, 'latin1'));
        return true;
      } catch {
        return false;
      }
    };
    // Of the characters beyond 10FFFF ModSecurity lets those pass that begin with F4.
    const pieces = fc.constantFrom(
      'a',
      '\xc3\xa9',
      '\xe2\x80\xb9',
      '\xf0\x9f\x98\x80',
      '\xc0\xaf',
      '\xed\xa0\x80',
      '\xe0\x80\xaf',
    );
    const values = fc.array(fc.oneof(pieces, byteStrings), { maxLength: 4 }).map((parts) => parts.join(''));
    const wrong = compile('validateUtf8Encoding', '');
    fc.assert(
      fc.property(
        values.filter((value) => !/\xf4[\x90-\xbf]/.test(value)),
        (value) => (wrong(value) === false) === isValid(value),
      ),
      { numRuns: 1000 },
    );
  });
});

describe('verification', () => {
  const find = (name: string, pattern: string, value: string) => compile(name, pattern)(value);

  test('a card number is found among longer digits, with its place', () => {
    expect(find('verifyCC', '\\d{16}', 'no 1115484605089158216 yes')).toEqual({ start: 6, end: 22 });
    expect(find('verifyCC', '\\d{4}-?\\d{4}-?\\d{4}-?\\d{4}', '5484-6050-8915-8217')).toBe(false);
  });

  test('numbers that only look real are not', () => {
    expect(find('verifySSN', '\\d{9}', '123456789')).toBe(false);
    expect(find('verifySSN', '\\d{9}', '666121234')).toBe(false);
    expect(find('verifySSN', '\\d{9}', '574008065')).toBe(false);
    expect(find('verifyCPF', '\\d{11}', '11111111111')).toBe(false);
    expect(find('verifyCPF', '\\d{11}', '01234567890')).toBe(false);
    expect(find('verifyCPF', '\\d{11}', '12345678909')).toEqual({ start: 0, end: 11 });
    expect(find('verifySVNR', '\\d{10}', '0000000000')).toBe(false);
  });

  test('a hostile pattern on a hostile value comes to an end', () => {
    expect(find('verifyCC', '\\d(?:.*x)?', '1'.repeat(100_000))).toBe(false);
    expect(find('verifyCC', '.*', '1'.repeat(100_000))).toBe(false);
  });

  test('without a pattern there is nothing to verify', () => {
    for (const name of ['verifyCC', 'verifySSN', 'verifyCPF', 'verifySVNR']) {
      expect(() => compile(name, ''), name).toThrow(OperatorError);
      expect(() => compile(name, '('), name).toThrow();
    }
  });
});

test('no operator throws on any value', () => {
  const argumentsOf: Readonly<Record<string, string>> = {
    ipmatch: '10.0.0.0/8',
    length: '1 9',
    looks: 'document',
    validatebyterange: '32-126',
  };
  const tests = operatorNames()
    .filter((name) => !name.startsWith('verify') && !name.startsWith('ipmatchf'))
    .map((name) => compile(name, argumentsOf[name] ?? 'a1'));
  fc.assert(
    fc.property(byteStrings, (value) => tests.every((check) => ['boolean', 'object'].includes(typeof check(value)))),
  );
});

test('names are found in any case, unknown ones are not', () => {
  expect(operator('BeginsWith')).toBe(operator('beginswith'));
  expect(operator('rx')).toBeUndefined();
});

test.for(['validateByteRange', 'validateUrlEncoding', 'validateUtf8Encoding'])(
  '%s reads nothing that a longer value left in the buffers',
  (name) => {
    const validate = compile(name, '1-255');
    fc.assert(
      fc.property(openEnded, (value) => {
        const results = leftovers.map((leftover) => {
          open(leftover);
          latin1Chunk(leftover, 0);
          return validate(value);
        });
        for (const result of results) expect(result).toEqual(results[0]);
      }),
    );
  },
);

test('looks counts the last word of a document as it is, whatever a longer value left in the buffer', () => {
  const isDocument = compile('looks', 'document');
  const lines = 'one two three\nfour five six\nseven eight nine\nten eleven twelve';
  for (const leftover of leftovers) {
    open(leftover);
    expect(isDocument(lines)).toBe(true);
    open(leftover);
    expect(isDocument(lines.slice(0, -'twelve'.length))).toBe(false);
  }
});
