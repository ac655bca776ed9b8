// Random patterns, written twice: for PCRE, and for V8 with nothing left to its flags or its idea of characters.
import fc from 'fast-check';

export interface TwoWays {
  readonly pcre: string;
  readonly v8: string;
  /** May match without taking a byte. */
  readonly isNullable: boolean;
  /** Has a repeat of something nullable, or a group in a repeat: there the two engines differ by design. */
  readonly isPeculiar: boolean;
  readonly hasGroup: boolean;
}

const V8_START = '(?<![^])';
const V8_END = '(?![^])';

function leaf(pcre: string, v8: string = pcre, isNullable = false): TwoWays {
  return { pcre, v8, isNullable, isPeculiar: false, hasGroup: false };
}

export const LEAVES: readonly TwoWays[] = [
  leaf('a'),
  leaf('b'),
  leaf('A'),
  leaf('-'),
  leaf('\\xe9'),
  leaf('\\n'),
  leaf('.', '[^]'),
  leaf('[ab]'),
  leaf('[^a]'),
  leaf('[a-c\\x{e9}]', '[a-c\\xe9]'),
  leaf('\\w'),
  leaf('\\W'),
  leaf('\\d'),
  leaf('\\s', '[\\t-\\r ]'),
  leaf('\\S', '[^\\t-\\r ]'),
  leaf('(?i:a)', '[aA]'),
  leaf('(?i:[^b])', '[^bB]'),
  leaf('[[:upper:]1]', '[A-Z1]'),
  leaf('\\h', '[\\t \\xa0]'),
  leaf('(?-s:.)', '[^\\n]'),
  leaf('', '', true),
  leaf('\\b', '\\b', true),
  leaf('\\B', '\\B', true),
  leaf('^', V8_START, true),
  leaf('$', `(?=\\n?${V8_END})`, true),
  leaf('\\z', V8_END, true),
  leaf('(?m:^)', `(?:${V8_START}|(?<=\\n)(?=[^]))`, true),
  leaf('(?m:$)', `(?=\\n|${V8_END})`, true),
];

export const QUANTIFIERS: readonly string[] = ['*', '+', '?', '{2}', '{1,3}', '{0,2}', '{2,}'];
const NULLABLE_QUANTIFIERS = ['*', '?', '{0,2}'];

export const randomPattern: fc.Arbitrary<TwoWays> = fc.letrec<{ node: TwoWays }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    { arbitrary: fc.constantFrom(...LEAVES), weight: 4 },
    { arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 4 }).map(sequence), weight: 4 },
    { arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map(choice), weight: 2 },
    { arbitrary: fc.tuple(tie('node'), fc.constantFrom(...QUANTIFIERS), fc.boolean()).map(repeat), weight: 3 },
    { arbitrary: tie('node').map(group), weight: 2 },
  ),
})).node;

/** Short values of the bytes that the random patterns speak of. */
export const randomValue: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'a', 'b', 'c', 'A', 'B', '1', '-', ' ', '\n', '\xe9', '\xa0', '\0'), { maxLength: 12 })
  .map((chars) => chars.join(''));

export function sequence(parts: readonly TwoWays[]): TwoWays {
  return {
    pcre: parts.map((part) => `(?:${part.pcre})`).join(''),
    v8: parts.map((part) => `(?:${part.v8})`).join(''),
    isNullable: parts.every((part) => part.isNullable),
    ...traits(parts),
  };
}

export function choice(parts: readonly TwoWays[]): TwoWays {
  return {
    pcre: `(?:${parts.map((part) => part.pcre).join('|')})`,
    v8: `(?:${parts.map((part) => part.v8).join('|')})`,
    isNullable: parts.some((part) => part.isNullable),
    ...traits(parts),
  };
}

export function repeat([part, quantifier, isLazy]: [TwoWays, string, boolean]): TwoWays {
  const suffix = quantifier + (isLazy ? '?' : '');
  return {
    pcre: `(?:${part.pcre})${suffix}`,
    v8: `(?:${part.v8})${suffix}`,
    isNullable: part.isNullable || NULLABLE_QUANTIFIERS.includes(quantifier),
    isPeculiar: part.isPeculiar || part.isNullable || part.hasGroup,
    hasGroup: part.hasGroup,
  };
}

export function group(part: TwoWays): TwoWays {
  return { ...part, pcre: `(${part.pcre})`, v8: `(${part.v8})`, hasGroup: true };
}

function traits(parts: readonly TwoWays[]): Pick<TwoWays, 'isPeculiar' | 'hasGroup'> {
  return {
    isPeculiar: parts.some((part) => part.isPeculiar),
    hasGroup: parts.some((part) => part.hasGroup),
  };
}
