import { describe, expect, test } from 'vitest';
import { readTests } from './suite.ts';

const stage = '{ input: {}, output: { log: { expect_ids: [7] } } }';

describe('a file of tests', () => {
  test('has ids of rule and test; a test without one is counted', () => {
    const tests = readTests(
      `{ rule_id: 9, tests: [{ test_id: 4, stages: [${stage}] }, { stages: [${stage}, ${stage}] }] }`,
      'x',
    );
    expect(tests.map(({ id, stages }) => [id, stages.length])).toEqual([
      ['9-4', 1],
      ['9-2', 2],
    ]);
  });

  test.for([
    ['an unknown key of an input', '{ input: { urls: [] }, output: {} }', /x, test 1: .*"urls"/],
    ['an unknown key of an output', '{ input: {}, output: { states: 1 } }', /"states"/],
    ['an unknown key of a log', '{ input: {}, output: { log: { ids: [1] } } }', /"ids"/],
    ['an id that is no number', '{ input: {}, output: { log: { expect_ids: [a] } } }', /a is not a whole number/],
  ] as const)('is refused for %s', ([, text, message]) => {
    expect(() => readTests(`{ rule_id: 1, tests: [{ stages: [${text}] }] }`, 'x')).toThrow(message);
  });

  test('may say what it expects in the old words', () => {
    const output = `{ status: [403, 400], log_contains: 'id "7"', no_log_contains: (?i)MSG }`;
    const [first] = readTests(`{ rule_id: 1, tests: [{ stages: [{ input: {}, output: ${output} }] }] }`, 'x');
    expect(first?.stages[0]?.output).toMatchObject({ status: [403, 400], match: /id "7"/, noMatch: /MSG/i });
  });
});
