// What `npm run test:crs` can be told.
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { RuleOptions } from './target.ts';

export interface Options extends RuleOptions {
  readonly tests: string;
  /** Ids of tests (`920100-4`) or of rules (`920100`); empty: all. */
  readonly only: readonly string[];
  readonly overrides: string;
  readonly json: boolean;
}

export const USAGE = `npm run test:crs -- --rules DIR --tests DIR [options]
  --rules DIR       the rule set: a folder with crs-setup.conf(.example) and rules/, or the rules themselves
  --tests DIR       go-ftw YAML files, also in folders below
  --setup FILE      the rule set's setup file, where it lies elsewhere
  --settings FILE   loaded between setup and rules (default: test-settings.conf of the rule set's folder)
  --paranoia N      1 to 4 (default 4)
  --only ID         only this test (920100-4) or the tests of this rule (920100); may be repeated
  --overrides FILE  tests that are expected to end otherwise (default: overrides.yaml beside this runner)
  --json            every result as JSON on stdout`;

/** Throws with words for the caller. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const { rules, tests, paranoia = '4' } = values;
  if (rules === undefined || tests === undefined) throw new Error('--rules and --tests are needed');
  if (!/^[1-4]$/.test(paranoia)) throw new Error(`--paranoia is 1 to 4, not ${paranoia}`);
  return {
    rules,
    tests,
    setup: values.setup,
    settings: values.settings,
    paranoia: Number(paranoia),
    only: values.only ?? [],
    overrides: values.overrides ?? path.join(import.meta.dirname, 'overrides.yaml'),
    json: values.json ?? false,
  };
}

const OPTIONS = {
  rules: { type: 'string' },
  tests: { type: 'string' },
  setup: { type: 'string' },
  settings: { type: 'string' },
  paranoia: { type: 'string' },
  only: { type: 'string', multiple: true },
  overrides: { type: 'string' },
  json: { type: 'boolean' },
} as const;
