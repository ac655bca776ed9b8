// Random rules, fast and slow: what is decided at load and what the scan leaves out must never change a meaning.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare } from './differential.ts';
import { byWalking } from './oracle-test.ts';
import { randomExchange, scannedExchange } from './random-exchanges.ts';
import { randomFolds, upsettingExchange } from './random-folds.ts';
import { randomRules, randomScans } from './random-rules.ts';
import { parseRules, type Sent } from './support.ts';

const RUNS = Number(process.env.WAF_RUNS ?? 400);

const settings = fc.record({
  mode: fc.constantFrom('on' as const, 'on' as const, 'detectionOnly' as const),
  seeds: fc.constantFrom({}, { pl: 1 }, { pl: 2, s: 'a' }, { n: 1, pl: '1' }),
});

test.for([
  ['of all kinds', randomRules, randomExchange],
  ['that a scan decides', randomScans, scannedExchange],
  ['that can be decided at load', randomFolds, upsettingExchange],
] as const)('rules %s mean the same to both engines', { timeout: 3_600_000 }, ([, rules, exchanges]) => {
  // Each exchange comes twice, so that what was kept of the first is used.
  const sent = fc.array(exchanges as fc.Arbitrary<Sent>, { minLength: 1, maxLength: 4 }).map((all) => [...all, ...all]);
  fc.assert(
    fc.property(rules, sent, settings, (text, all, chosen) => {
      const run = compare(parseRules(text), chosen, byWalking);
      for (const one of all) {
        const { fast, slow } = run(one);
        expect(fast, text).toEqual(slow);
      }
    }),
    { numRuns: RUNS },
  );
});
