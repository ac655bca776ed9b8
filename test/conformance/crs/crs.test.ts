// The rules of Debian's modsecurity-crs (CRS 3.3) behind a real socket, one test or more for each family of rules.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readOverrides } from './overrides.ts';
import { report, summary } from './report.ts';
import { runTests } from './run.ts';
import { readSuite } from './suite.ts';
import { startTarget } from './target.ts';

const RULES = '/usr/share/modsecurity-crs/rules';
const here = (name: string): string => path.join(import.meta.dirname, name);

// Where the package must be there, its absence is a failure and not a skipped test.
test.skipIf(!existsSync(RULES) && process.env.CI !== 'true')('CRS 3.3 finds what it is made to find', async () => {
  const tests = readSuite(here('tests'));
  const target = await startTarget({
    rules: RULES,
    setup: '/etc/modsecurity/crs/crs-setup.conf',
    settings: here('settings.conf'),
    paranoia: 4,
  });
  const results = await runTests(tests, target, readOverrides(here('overrides.yaml')));
  expect(report(results)).toBe('');
  expect(summary(results)).toBe(`${tests.length} passed, 0 failed, 0 overridden`);
});
