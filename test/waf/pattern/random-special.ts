// Random patterns with lookaround, atomic groups, possessive repeats and backreferences, for PCRE and for V8, which
// has no atomic groups: (?>x) becomes (?=(?<a1>x))\k<a1>.
import fc from 'fast-check';
import { choice, group, LEAVES, QUANTIFIERS, repeat, sequence, type TwoWays } from './random-pattern.ts';

export interface SpecialTwoWays extends TwoWays {
  /** Holds a part whose way through depends on what the two engines do differently. */
  readonly isForked: boolean;
}

/** Parts of one length, for lookbehind. */
const FIXED = LEAVES.filter(({ isNullable }) => !isNullable);
const fixedText = fc
  .array(fc.constantFrom(...FIXED), { minLength: 1, maxLength: 3 })
  .map((parts) => ({ ...sequence(parts), isForked: false }));

/** For names that are the same in both patterns. */
const number = fc.noBias(fc.integer({ min: 0, max: 2 ** 31 - 1 }));

const any: fc.Arbitrary<SpecialTwoWays> = fc.letrec<{ special: SpecialTwoWays }>((tie) => ({
  special: partOf(tie('special')),
})).special;

function partOf(part: fc.Arbitrary<SpecialTwoWays>): fc.Arbitrary<SpecialTwoWays> {
  return fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    { arbitrary: fc.constantFrom(...LEAVES).map((leaf) => ({ ...leaf, isForked: false })), weight: 3 },
    { arbitrary: several(part).map((parts) => joined(sequence(parts), parts)), weight: 4 },
    { arbitrary: several(part).map((parts) => joined(choice(parts), parts)), weight: 2 },
    {
      arbitrary: fc
        .tuple(part, fc.constantFrom(...QUANTIFIERS), fc.boolean())
        .map(([inner, quantifier, isLazy]) => joined(repeat([inner, quantifier, isLazy]), [inner])),
      weight: 2,
    },
    { arbitrary: part.map((inner) => ({ ...group(inner), isForked: inner.isForked })), weight: 1 },
    { arbitrary: fc.tuple(part, fc.constantFrom('?=', '?!')).map(look), weight: 2 },
    {
      arbitrary: fc
        .tuple(
          fc.array(fixedText, { minLength: 1, maxLength: 2 }).map((parts) => joined(choice(parts), parts)),
          fc.constantFrom('?<=', '?<!'),
        )
        .map(look),
      weight: 2,
    },
    { arbitrary: fc.tuple(part, number).map(atomic), weight: 2 },
    {
      arbitrary: fc.tuple(part, fc.constantFrom(...QUANTIFIERS), number).map(possessive),
      weight: 2,
    },
    { arbitrary: fc.tuple(part, part, number, fc.boolean()).map(repeated), weight: 3 },
  );
}

/** No name occurs twice: V8 would refuse it. */
export const randomSpecial: fc.Arbitrary<SpecialTwoWays> = any.filter(({ v8 }) => {
  const names = v8.match(/\(\?<[ag]\d+/g) ?? [];
  return new Set(names).size === names.length;
});

function several(part: fc.Arbitrary<SpecialTwoWays>): fc.Arbitrary<SpecialTwoWays[]> {
  return fc.array(part, { minLength: 2, maxLength: 3 });
}

function joined(whole: TwoWays, parts: readonly SpecialTwoWays[]): SpecialTwoWays {
  return { ...whole, isForked: parts.some(({ isForked }) => isForked) };
}

function look([part, opening]: [SpecialTwoWays, string]): SpecialTwoWays {
  return { ...part, pcre: `(${opening}${part.pcre})`, v8: `(${opening}${part.v8})`, isNullable: true };
}

function atomic([part, id]: [SpecialTwoWays, number]): SpecialTwoWays {
  return {
    ...part,
    pcre: `(?>${part.pcre})`,
    v8: `(?=(?<a${id}>${part.v8}))\\k<a${id}>`,
    isForked: part.isForked || part.isPeculiar,
  };
}

function possessive([part, quantifier, id]: [SpecialTwoWays, string, number]): SpecialTwoWays {
  const plain = joined(repeat([part, quantifier, false]), [part]);
  return { ...atomic([plain, id]), pcre: `${plain.pcre}+` };
}

/** A group, something, and the group's text again. */
function repeated([text, between, id, ignoreCase]: [SpecialTwoWays, SpecialTwoWays, number, boolean]): SpecialTwoWays {
  const whole = joined(sequence([group(text), between]), [text, between]);
  const reference = ignoreCase ? `(?i:\\k<g${id}>)` : `\\k<g${id}>`;
  return {
    ...whole,
    isNullable: text.isNullable && between.isNullable,
    // What the group takes is read again: a repeat that ends differently in the two engines shows.
    isForked: whole.isForked || text.isPeculiar,
    pcre: `(?<g${id}>${text.pcre})(?:${between.pcre})${reference}`,
    v8: `(?<g${id}>${text.v8})(?:${between.v8})${reference}`,
  };
}
