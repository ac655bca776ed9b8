import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare } from './differential.ts';
import { byWalking } from './oracle-test.ts';
import { randomExchange, randomRules } from './random-rules.ts';
import { parseRules } from './support.ts';

const RUNS = Number(process.env.WAF_RUNS ?? 300);
const settings = fc.record({
  mode: fc.constantFrom('on' as const, 'on' as const, 'detectionOnly' as const),
  seeds: fc.constantFrom({}, { pl: 1 }, { pl: 2, s: 'a' }, { n: 1, pl: '1' }),
});

test('random rules mean the same to both engines', { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(
      randomRules,
      fc.array(randomExchange, { minLength: 1, maxLength: 4 }),
      settings,
      (text, sent, chosen) => {
        const run = compare(parseRules(text), chosen, byWalking);
        for (const one of [...sent, ...sent]) {
          const { fast, slow } = run(one);
          expect(fast, text).toEqual(slow);
        }
      },
    ),
    { numRuns: RUNS },
  );
});
