import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptedCodings } from '../../src/http/accepted-codings.ts';

test.for([
  [undefined, 0, 1],
  ['', 0, 1],
  ['br', 1, 1],
  ['BR ; Q=0.5', 0.5, 1],
  ['br;q=0', 0, 1],
  ['br;q=x', 1, 1],
  ['*', 1, 1],
  ['*;q=0', 0, 0],
  ['br, *;q=0', 1, 0],
  ['*;q=0, identity;q=0.1', 0, 0.1],
  ['br;q=7', 1, 1],
] as const)('%s', ([field, br, identity]) => {
  const quality = acceptedCodings(field);
  expect([quality('br'), quality('identity')]).toEqual([br, identity]);
});

test('whatever is written, a quality is from 0 to 1', () => {
  const field = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('br', '*', ';', 'q=', ',', '0', '9', '.', ' ') }),
  );
  fc.assert(
    fc.property(field, (text) => {
      for (const coding of ['br', 'identity']) {
        const quality = acceptedCodings(text)(coding);
        expect(quality >= 0 && quality <= 1).toBe(true);
      }
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 500) },
  );
});
