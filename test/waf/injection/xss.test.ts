import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type HtmlContext, IN_TEXT } from '../../../src/waf/injection/html-kinds.ts';
import { HtmlTokens } from '../../../src/waf/injection/html-tokenizer.ts';
import { cannotBeXss, detectXss, xssTriggers } from '../../../src/waf/injection/xss.ts';
import { BLACK_TAG, blackNames } from '../../../src/waf/injection/xss-names.ts';
import { open } from '../../../src/waf/transforms/scratch.ts';
import { leftovers } from '../transforms/byte-strings.ts';
import { readVectors, splitRow, type UnitTest } from './vectors.ts';

/** The names the project's test driver prints, by token kind. */
const kindNames = [
  'DATA_TEXT',
  'TAG_NAME_OPEN',
  'TAG_NAME_CLOSE',
  'TAG_NAME_SELFCLOSE',
  'TAG_CLOSE',
  'ATTR_NAME',
  'ATTR_VALUE',
  'TAG_COMMENT',
  'DOCTYPE',
];

const pieces = [
  ...blackNames.flatMap(([, names]) => names.split(' ')),
  ...'<>/=!?%-"\'`& \n\0\x01\xff\xdfab'.split(''),
  ...'<!-- --> -!> <![CDATA[ ]]> <? <% %> <!doctype on svg xmlns javascript: &#106; &#x6a &# data: <script>'.split(' '),
  ...'</script> [if href= onload='.split(' '),
];
const bytes = fc.array(fc.integer({ min: 0, max: 255 })).map((list) => String.fromCharCode(...list));
const html = fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((list) => list.join(''));

describe("the project's unit tests", () => {
  test.for(readVectors<UnitTest[]>('libinjection-html5'))('html5: $name', ({ input, expected }) => {
    const tokens = new HtmlTokens();
    tokens.begin(input, open(input), IN_TEXT);
    const lines: string[] = [];
    while (tokens.next()) {
      const text = input.slice(tokens.start, tokens.start + tokens.length);
      lines.push(`${kindNames[tokens.kind]},${tokens.length},${text}`);
    }
    expect(lines.join('\n').trimEnd()).toBe(expected);
  });
});

describe('every verdict is the one libinjection gives', () => {
  test.for(Object.entries(readVectors<Record<string, string[]>>('corpora-xss')))('%s', ([, rows]) => {
    for (const row of rows) {
      const [verdict, value] = splitRow(row);
      expect([value, detectXss(value)]).toEqual([value, verdict === '1']);
    }
  });

  it('for generated values', () => {
    for (const row of readVectors<string[]>('recorded')) {
      const [verdict, value] = splitRow(splitRow(row)[1]);
      expect([value, detectXss(value)]).toEqual([value, verdict === 'x']);
    }
  });
});

describe('names', () => {
  it('are found whatever case and NULs a name is written with', () => {
    const tags = blackNames.filter(([meaning]) => meaning === BLACK_TAG).flatMap(([, names]) => names.split(' '));
    expect(tags).toHaveLength(20);
    for (const tag of tags) expect(detectXss(`<${tag.toLowerCase()} `)).toBe(true);
    for (const tag of tags) expect(detectXss(`<${tag.split('').join('\0')}\0>`)).toBe(true);
    expect(detectXss('<x\xdf>')).toBe(false);
  });
});

describe('a value that cannot be an attack', () => {
  it('has no trigger byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(cannotBeXss(String.fromCharCode(byte))).toBe(!xssTriggers.includes(byte));
    }
  });

  it('is none in full, in each of the five contexts', () => {
    const tokens = new HtmlTokens();
    fc.assert(
      fc.property(fc.oneof(bytes, html), fc.integer({ min: 0, max: 4 }), (text, context) => {
        const value = text.replace(/[<=]/g, '');
        expect(cannotBeXss(value)).toBe(true);
        tokens.begin(value, open(value), context as HtmlContext);
        const kinds: string[] = [];
        while (tokens.next()) kinds.push(kindNames[tokens.kind]!);
        // Only a first value is possible, and it belongs to no attribute; names of tags and comments need a `<`.
        expect(kinds.slice(1)).not.toContain('ATTR_VALUE');
        for (const kind of ['TAG_NAME_OPEN', 'TAG_COMMENT', 'DOCTYPE']) expect(kinds).not.toContain(kind);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('any value', () => {
  it('has tokens that follow one another within it', () => {
    const tokens = new HtmlTokens();
    fc.assert(
      fc.property(fc.oneof(bytes, html), fc.integer({ min: 0, max: 4 }), (value, context) => {
        tokens.begin(value, open(value), context as HtmlContext);
        let end = 0;
        for (let count = 0; tokens.next(); count++) {
          expect(tokens.start).toBeGreaterThanOrEqual(end - 1);
          end = tokens.start + tokens.length;
          expect(end).toBeLessThanOrEqual(value.length);
          expect(count).toBeLessThanOrEqual(value.length);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('has the same tokens, whatever a longer value left in the buffer', () => {
    const tokens = new HtmlTokens();
    fc.assert(
      fc.property(html, fc.constantFrom('<a /', '<a x/', '<a x', '<', '<a x='), (text, end) => {
        const value = text + end;
        const printed = leftovers.map((leftover) => {
          open(leftover);
          tokens.begin(value, open(value), IN_TEXT);
          let kinds = '';
          while (tokens.next()) kinds += `${tokens.kind} ${tokens.start} ${tokens.length}\n`;
          return kinds;
        });
        expect(new Set(printed).size).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('without tags and attributes is an attack as soon as a script tag follows', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, html), (text) => detectXss(`${text.replace(/[<=]/g, '')}<script>`)),
      { numRuns: 3000 },
    );
  });
});

describe('a value of 100,000 bytes', () => {
  test.for([
    '<',
    '<a ',
    '<a/',
    '/',
    '<!--',
    '<!-- -',
    '-',
    '-\0',
    '<!a>',
    '<%%',
    '<![CDATA[]',
    '<a b="',
    "<a b='c' ",
    '<?',
    '</',
    '</>',
    'a=',
    'a\0',
    '\0',
    '<a href=&#x0',
    '&#32;',
    '=',
    '>',
  ])('of %j repeated has a verdict', (piece) => {
    for (const start of ['', '<a ', '<a href=', 'x"', '<!--']) {
      expect(typeof detectXss(start + piece.repeat(Math.ceil(100_000 / piece.length)))).toBe('boolean');
    }
  });
});
