// The whole Core Rule Set, fast and slow, on requests of all kinds: the same lines, texts, scores and verdicts.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seedsOf } from '../../../src/waf/score.ts';
import { readCoreRules } from './core-rules.ts';
import { anyExchange } from './corpus.ts';
import { compare } from './differential.ts';
import { byMachine } from './oracle-test.ts';

const RUNS = Number(process.env.WAF_RUNS ?? 15);
const core = readCoreRules();

if (core === undefined)
  console.warn('There is no Core Rule Set here: WAF_CRS names its folder. Its comparison is SKIPPED.');

describe.skipIf(core === undefined)(`the Core Rule Set (${core?.name ?? 'none'})`, () => {
  test.for([1, 2, 3, 4])('means the same to both engines at paranoia level %i', { timeout: 3_600_000 }, (paranoia) => {
    const seeds = seedsOf({ paranoia, detectionParanoia: paranoia, threshold: { inbound: 5, outbound: 4 } });
    const pair = (mode: 'on' | 'detectionOnly') =>
      compare(core!.ruleSet, { mode, seeds: Object.fromEntries(seeds) }, byMachine);
    const modes = { on: pair('on'), detectionOnly: pair('detectionOnly') };
    fc.assert(
      fc.property(anyExchange, fc.constantFrom('on' as const, 'detectionOnly' as const), (sent, mode) => {
        const { fast, slow } = modes[mode](sent);
        expect(fast).toEqual(slow);
      }),
      { numRuns: RUNS },
    );
  });
});
