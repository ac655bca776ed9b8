import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readRules } from '../../../src/waf/native/read.ts';
import { rulesSchema } from '../../../src/waf/native/schema.ts';
import { faultsOf, fileOf } from './support.ts';

test.for([
  ['match: { patern: a }', /3?:\d+ .*unknown key "patern".*pattern/],
  ['match: { pattern: "(" }', /this pattern cannot be used/],
  ['match: { pattern: "(?=a)b" }', /lookaround/],
  ['match: { pattern: "{{none}}" }', /there is no piece none/],
  ['inspect: [arg], match: { contains: a }', /"arg" is no field; did you mean args/],
  ['inspect: [json], match: { contains: a }', /takes a pointer/],
  ['inspect: [args, response.body], match: { contains: a }', /request or at the answer/],
  ['inspect: [json.a/b], match: { contains: a }', /lacks the slash: write json.\/a\/b/],
  ["match: { contains: '' }", /an empty text is found in everything/],
  ["match: { phrases: [a, ''] }", /an empty text is found in everything/],
  ['match: { length: { atLeast: 5, atMost: 2 } }', /atLeast is more than atMost/],
  ['match: { number: { atLeast: 5, atMost: 2 } }', /atLeast is more than atMost/],
  ["match: { pattern: '(a)' }, message: 'saw {2}'", /no pattern here has a group 2/],
  ["match: { contains: a }, message: 'saw {1}'", /no pattern here has a group 1/],
  ['decode: [rot13], match: { contains: a }', /rot13/],
  ['severity: huge, match: { contains: a }', /huge/],
  ['title: "%{tx.a}", match: { contains: a }', /stands here twice|%\{/],
  ['paranoia: 5', /the key "match" is missing/],
] as const)('%s is told with its place', ([rule, message]) => {
  const problems = faultsOf(fileOf(rule));
  expect(problems.map((fault) => `${fault.line}:${fault.column} ${fault.message}`).join('\n')).toMatch(message);
  expect(problems.every(({ file, line, column }) => file === 'rules.yaml' && line === 4 && column > 0)).toBe(true);
});

test('a file without rules, and one that is no YAML, are faults', () => {
  expect(faultsOf('name: a\nrules: []\n').map(({ line }) => line)).toEqual([2]);
  expect(faultsOf('name: [a\n').length).toBeGreaterThan(0);
});

test('a dollar and a brace are what they are: nothing of the environment gets into a rule', () => {
  const { items } = readRules(fileOf("match: { contains: '${HOME}' }"), 'rules.yaml');
  expect(JSON.stringify(items)).toContain('${HOME}');
});

test('whatever stands in a file, reading it ends with rules or with faults', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          ...'name: a|rules:|\n|  - |id: 1|title: b|match: {|pattern: (|}|all: [|]| , |not: |inspect: [args]|&a |*a|${X}|"'.split(
            '|',
          ),
        ),
      ),
      (parts) => {
        const { items, problems } = readRules(parts.join(''), 'rules.yaml');
        expect(items.length === 0 || problems.length === 0).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

const published = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../../../rules/schema.json'), 'utf8'),
) as unknown;

test('rules/schema.json is what the check uses', () => {
  expect(published).toEqual(JSON.parse(JSON.stringify(rulesSchema)));
});

test('the published schema takes the core rules and refuses what the check refuses', () => {
  const validate = new Ajv2020({ strict: false }).compile(published as object);
  for (const file of ['sql', 'script', 'command', 'probe']) {
    const text = readFileSync(path.resolve(import.meta.dirname, `../../../rules/core/${file}.yaml`), 'utf8');
    expect([file, validate(parse(text)), validate.errors]).toEqual([file, true, null]);
  }
  expect(validate(parse(fileOf('match: { patern: a }')))).toBe(false);
});
