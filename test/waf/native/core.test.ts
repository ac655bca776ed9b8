// The rules that Gatehouse brings: every one has its tests, and they hold; honest requests pass.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatProblem } from '../../../src/base/errors.ts';
import { CORE_FOLDER } from '../../../src/waf/core-folder.ts';
import { preparedRules } from '../../../src/waf/native/prepared.ts';
import { readHonest } from '../../../src/waf/native/read.ts';
import { runHonest, runRuleTests, untested } from '../../../src/waf/native/run-tests.ts';
import { loadRules } from '../../../src/waf/sources.ts';

const { ruleSet, tests, problems } = loadRules([{ core: true }], CORE_FOLDER, { withTests: true });

test('the core rules load', () => {
  expect(problems.map(formatProblem)).toEqual([]);
});

test('every core rule has a test that it finds and one that it lets be', () => {
  expect(untested(ruleSet, tests)).toEqual([]);
});

test('the tests beside the core rules hold', () => {
  expect(runRuleTests(ruleSet, tests)).toEqual([]);
});

test('no core rule stops an honest request', () => {
  const files = globSync(path.join(CORE_FOLDER, 'honest', '*.yaml'));
  const read = files.map((file) => readHonest(readFileSync(file, 'utf8'), file));
  expect(read.flatMap((file) => file.problems.map(formatProblem))).toEqual([]);
  expect(
    runHonest(
      ruleSet,
      read.flatMap((file) => file.requests),
      1,
    ),
  ).toEqual([]);
});

test('what is read at a start is what the files say (gatehouse rules test --prepare)', () => {
  const prepared = loadRules([{ core: true }], CORE_FOLDER);
  expect(prepared.ruleSet).toEqual(JSON.parse(JSON.stringify(ruleSet)));
  const stale = globSync(path.join(CORE_FOLDER, '*.yaml')).filter(
    (file) => preparedRules(file, readFileSync(file)) === undefined,
  );
  expect(stale).toEqual([]);
});
