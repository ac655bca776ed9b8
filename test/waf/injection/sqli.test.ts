import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { wordText } from '../../../src/waf/injection/sql-dictionary.ts';
import { foldTokens } from '../../../src/waf/injection/sql-folding.ts';
import { readToken } from '../../../src/waf/injection/sql-tokenizer.ts';
import { kindLetters, SqlTokens } from '../../../src/waf/injection/sql-tokens.ts';
import { sqlFingerprints, sqlWords } from '../../../src/waf/injection/sql-words.ts';
import { cannotBeSqli, detectSqli, sqliTriggers } from '../../../src/waf/injection/sqli.ts';
import { open } from '../../../src/waf/transforms/scratch.ts';
import { leftovers } from '../transforms/byte-strings.ts';
import { readVectors, splitRow, type UnitTest } from './vectors.ts';

const words = Object.values(sqlWords).flatMap((list) => list.split(',').map((word) => word.trim()));

/** As the project's test driver prints a token: letter, a space, text. What was merged stands as in the dictionary. */
function printToken(tokens: SqlTokens, slot: number): string {
  const letter = kindLetters.charAt(31 - Math.clz32(tokens.kind[slot]!));
  const start = tokens.start[slot]!;
  let text = tokens.value.slice(start, start + tokens.length[slot]!);
  if (tokens.word[slot]! > 0 && wordText(tokens.word[slot]!).includes(' ')) text = wordText(tokens.word[slot]!);
  if (letter === 's' || letter === 'v') {
    const [opener, closer] = [tokens.opener[slot]!, tokens.closer[slot]!];
    text = (opener ? String.fromCharCode(opener) : '') + text + (closer ? String.fromCharCode(closer) : '');
    if (letter === 'v') text = '@'.repeat(countSignsBefore(tokens.value, opener ? start - 1 : start)) + text;
  }
  return `${letter} ${text}`;
}

function countSignsBefore(value: string, at: number): number {
  return value.slice(0, at).length - value.slice(0, at).replace(/@{1,2}$/, '').length;
}

describe("the project's unit tests", () => {
  test.for(readVectors<UnitTest[]>('libinjection-tokens'))('tokens: $name', ({ input, expected }) => {
    const tokens = new SqlTokens();
    tokens.begin(input, open(input), '', false);
    const lines: string[] = [];
    while (readToken(tokens, 0)) lines.push(printToken(tokens, 0));
    expect(lines.join('\n').trimEnd()).toBe(expected);
  });

  test.for(readVectors<UnitTest[]>('libinjection-folding'))('folding: $name', ({ input, expected }) => {
    const tokens = new SqlTokens();
    tokens.begin(input, open(input), '', false);
    const lines: string[] = [];
    const count = foldTokens(tokens);
    for (let slot = 0; slot < count; slot++) lines.push(printToken(tokens, slot));
    const kinds = lines.map((line) => line[0]).join('');
    expect(kinds).toBe(expected.replace(/^(.).*\n?/gm, '$1'));
    expect(lines.join('\n').trimEnd().toUpperCase()).toBe(expected.toUpperCase());
  });

  test.for(readVectors<UnitTest[]>('libinjection-sqli'))('sqli: $name', ({ input, expected }) => {
    expect(detectSqli(input) ?? '').toBe(expected);
  });
});

describe('every fingerprint is the one libinjection gives', () => {
  test.for(Object.entries(readVectors<Record<string, string[]>>('corpora-sqli')))('%s', ([, rows]) => {
    for (const row of rows) {
      const [verdict, value] = splitRow(row);
      expect([value, detectSqli(value) ?? '']).toEqual([value, verdict]);
    }
  });

  it('for generated values', () => {
    for (const row of readVectors<string[]>('recorded')) {
      const [verdict, rest] = splitRow(row);
      const [, value] = splitRow(rest);
      expect([value, detectSqli(value) ?? '']).toEqual([value, verdict]);
    }
  });
});

describe('the tables', () => {
  it('are those of libinjection 3.9.2 in number', () => {
    expect(words).toHaveLength(985);
    const fingerprints = sqlFingerprints
      .trim()
      .split('\n')
      .flatMap((line) =>
        line
          .split(' ')
          .slice(1)
          .map(() => line.indexOf(' ') - 1),
      );
    expect(fingerprints.reduce((sum, ends) => sum + ends, 0)).toBe(8367);
  });

  it('give each word its kind when it stands alone', () => {
    const tokens = new SqlTokens();
    for (const [letter, list] of Object.entries(sqlWords)) {
      for (const word of list.split(',').map((text) => text.trim())) {
        if (!/^[A-Z_][A-Z0-9_]*$/.test(word)) continue;
        tokens.begin(word.toLowerCase(), open(word.toLowerCase()), '', false);
        expect(readToken(tokens, 0)).toBe(true);
        expect([word, printToken(tokens, 0)[0]]).toEqual([word, letter]);
      }
    }
  });
});

describe('a value of letters, digits, underscores and high bytes only', () => {
  const singleWords = words.filter((word) => /^\w+$/.test(word));
  const kindOf = new Map(
    Object.entries(sqlWords).flatMap(([kind, list]) => list.split(',').map((word) => [word.trim(), kind] as const)),
  );
  /** One word for each kind and first letter: what numbers before a word make of it depends on these. */
  const samples = [...new Map(singleWords.map((word) => [kindOf.get(word)! + word[0], word])).values()];

  it('is never an attack, whatever numbers stand before a word', () => {
    const digits = ['', '0', '1', 'x', 'b', 'e', 'd'];
    const numbers = digits.flatMap((a) =>
      digits.flatMap((b) => digits.flatMap((c) => digits.map((d) => a + b + c + d))),
    );
    const values = [
      ...samples.flatMap((word) => [...new Set(numbers)].map((number) => number + word)),
      ...singleWords.flatMap((word) => ['', '1', '0x', '1e', '0x1'].map((number) => number + word)),
    ];
    expect(values.filter((value) => !cannotBeSqli(value) || inFull(value) !== undefined)).toEqual([]);
  });

  it('is never an attack, at random', () => {
    const letters = fc.constantFrom(...singleWords, ...'0123456789xXbBeEdDfFuUnNqQ_\x80\xff'.split(''));
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 12 }), (parts) => {
        const value = parts.join('');
        return cannotBeSqli(value) && inFull(value) === undefined;
      }),
      { numRuns: 3000 },
    );
  });

  it('has no trigger byte, and every other value has one', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(cannotBeSqli(String.fromCharCode(byte))).toBe(!sqliTriggers.includes(byte));
    }
    expect(cannotBeSqli('0xor.1like.1')).toBe(false);
    expect(detectSqli('0xor.1like.1')).toBe('n&1');
  });

  /** The full algorithm: a blank at the end makes no token and passes the check before. */
  function inFull(value: string): string | undefined {
    return detectSqli(`${value} `);
  }
});

describe('any value', () => {
  const bytes = fc.array(fc.integer({ min: 0, max: 255 })).map((list) => String.fromCharCode(...list));
  const pieces = fc.constantFrom(
    ...words,
    ...'\'"`\\()[]{}.,;:?@#$-+*/%=<>!~^&| \n\0\xa0'.split(''),
    ..."-- /* */ /*! $a$ q'[ u&' x'4 0x 1e 1 || ::".split(' '),
  );
  const sql = fc.array(pieces, { maxLength: 20 }).map((list) => list.join(' '));
  const dense = fc.array(pieces, { maxLength: 20 }).map((list) => list.join(''));

  it('has a verdict that is a fingerprint of one to five kinds, the same when asked again', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, sql, dense), (value) => {
        const verdict = detectSqli(value);
        expect(detectSqli(value)).toBe(verdict);
        if (verdict !== undefined) expect(verdict).toMatch(/^[kUBEtfn1vso&cA(){}.,:;T?X\\]{1,5}$/);
      }),
      { numRuns: 3000 },
    );
  });

  it('has the same tokens, whatever a longer value left in the buffer', () => {
    const tokens = new SqlTokens();
    fc.assert(
      fc.property(fc.oneof(sql, dense), fc.boolean(), (value, mysql) => {
        const printed = leftovers.map((leftover) => {
          open(leftover);
          tokens.begin(value, open(value), '', mysql);
          let text = '';
          while (readToken(tokens, 0)) text += `${printToken(tokens, 0)}\n`;
          return text;
        });
        expect(new Set(printed).size).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('is read to its end in as many tokens as it has bytes at most', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, sql, dense), fc.constantFrom('', "'", '"'), fc.boolean(), (value, quote, mysql) => {
        fc.pre(value.length > 0);
        const tokens = new SqlTokens();
        tokens.begin(value, open(value), quote, mysql);
        let before = 0;
        while (readToken(tokens, 0)) {
          expect(tokens.position).toBeGreaterThan(before);
          before = tokens.position;
        }
        expect(tokens.position).toBe(value.length);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a value of 100,000 bytes', () => {
  test.for([
    "'",
    "\\'",
    "''",
    '/*',
    '/**/',
    '--',
    '#',
    'like.',
    'like`',
    'not ',
    '1,',
    '1, -',
    '1+',
    '(',
    '{a ',
    '[',
    '$',
    '$a$',
    '$aaaa$b',
    '@',
    "q'[",
    "b'0",
    "x'a",
    ';',
    '\0',
    'union all ',
    'and ',
    '\\',
    '`',
  ])('of %j repeated has a verdict', (piece) => {
    for (const start of ['', "1' like "]) {
      const value = start + piece.repeat(Math.ceil(100_000 / piece.length));
      expect(typeof (detectSqli(value) ?? '')).toBe('string');
    }
  });
});
