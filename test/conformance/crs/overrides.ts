// The tests that are expected to end otherwise than their authors wrote, each with its reason: go-ftw's platform
// overrides (ftw-tests-schema). An entry with `output` replaces the test's; one without leaves the test out.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Expectation, Fields, TestCase } from './suite.ts';
import { readExpectation } from './suite.ts';

export interface Override {
  readonly reason: string;
  /** Undefined: the test is not run at all. */
  readonly output: Expectation | undefined;
}

export type Overrides = (test: TestCase) => Override | undefined;

/** Throws where an entry has no reason. */
export function readOverrides(file: string): Overrides {
  const { test_overrides: entries } = parse(readFileSync(file, 'utf8'), { schema: 'failsafe' }) as {
    test_overrides: readonly Fields[];
  };
  const byTest = new Map<string, Override>();
  for (const { rule_id: ruleId, test_ids: testIds, reason, output, ...rest } of entries) {
    const place = `${file}, rule ${String(ruleId)}`;
    const stranger = Object.keys(rest)[0];
    if (stranger !== undefined) throw new Error(`${place}: "${stranger}" is not known`);
    if (typeof reason !== 'string' || reason.trim() === '') throw new Error(`${place}: a reason is missing`);
    const override = { reason, output: output === undefined ? undefined : readExpectation(output as Fields, place) };
    for (const testId of testIds as readonly string[]) byTest.set(`${String(ruleId)}-${testId}`, override);
  }
  return ({ id }) => byTest.get(id);
}
