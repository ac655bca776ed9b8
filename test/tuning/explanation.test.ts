import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFieldPath, parseFieldPath } from '../../src/config/syntax/field-path.ts';
import { explain } from '../../src/tuning/explanation.ts';
import { type Finding, readFinding } from '../../src/tuning/finding.ts';
import { compileSparing } from '../../src/tuning/sparing.ts';
import { fieldOf, targetsOf } from '../../src/waf/exception-fields.ts';
import { Field } from '../../src/waf/field.ts';
import { compileSelector } from '../../src/waf/target.ts';
import { variableKind, variableNames } from '../../src/waf/variables.ts';

const rule = (facts: object): object => ({
  phase: 2,
  target: 'ARGS:a',
  fields: ['ARGS:a'],
  points: 5,
  tags: [],
  ...facts,
});
const decision = { id: 949, phase: 2, target: 'TX:score', fields: ['TX:score'], points: 0 };

function finding(facts: object): Finding {
  const line = {
    event: 'waf',
    requestId: 'r',
    site: 's',
    method: 'GET',
    path: '/p',
    verdict: 'block',
    by: 949,
    score: { inbound: 5, outbound: 0 },
    threshold: { inbound: 5, outbound: 4 },
    ...facts,
  };
  return readFinding(JSON.stringify(line))!;
}

const spare = (rules: number[], field?: string, where: object = {}) => {
  const parsed = field === undefined ? undefined : parseFieldPath(field);
  const fields = parsed !== undefined && 'value' in parsed ? [parsed.value] : [];
  return compileSparing([
    { rules: rules.map((id) => ({ from: id, to: id })), fields, path: undefined, method: undefined, ...where },
  ]);
};

describe('what an exception would make of a finding', () => {
  test.for([
    ['passes when the score falls below', [1], 'args.a', {}, [rule({ id: 1 }), decision], true],
    [
      'stays stopped by what is left',
      [1],
      'args.a',
      { score: { inbound: 10, outbound: 0 } },
      [rule({ id: 1 }), rule({ id: 2 }), decision],
      false,
    ],
    ['stays stopped on another field', [1], 'args.b', {}, [rule({ id: 1 }), decision], false],
    [
      'stays stopped when only one of two fields is spared',
      [1],
      'args.a',
      { score: { inbound: 10, outbound: 0 } },
      [rule({ id: 1, points: 10, fields: ['ARGS:a', 'ARGS:b'] }), decision],
      false,
    ],
    [
      'passes without the rule that stopped it by itself',
      [7],
      'args.a',
      { by: 7, score: { inbound: 0, outbound: 0 } },
      [rule({ id: 7, points: 0 })],
      true,
    ],
    [
      'stays stopped by a rule of its own',
      [1],
      'args.a',
      { by: 7 },
      [rule({ id: 1 }), rule({ id: 7, points: 0 })],
      false,
    ],
    [
      'stays stopped by a rule that keeps no log',
      [1],
      'args.a',
      { by: 7, score: { inbound: 3, outbound: 0 } },
      [rule({ id: 1, points: 3 })],
      false,
    ],
    [
      'passes when it is the answer that scored',
      [1],
      undefined,
      { score: { inbound: 0, outbound: 4 } },
      [rule({ id: 1, phase: 4, points: 4 }), { ...decision, phase: 4 }],
      true,
    ],
  ] as const)('%s', ([, ids, field, facts, rules, passes]) => {
    expect(spare([...ids], field)(finding({ ...facts, rules })).passes).toBe(passes);
  });

  test('is nothing on other paths and with other methods', () => {
    const one = finding({ rules: [rule({ id: 1 }), decision] });
    expect(spare([1], 'args.a', { path: ['/p'] })(one).passes).toBe(true);
    expect(spare([1], 'args.a', { path: ['/q'] })(one).passes).toBe(false);
    expect(spare([1], 'args.a', { method: ['POST'] })(one).passes).toBe(false);
    expect(
      spare([1], 'args.a', { path: ['/**'] })(finding({ path: '', rules: [rule({ id: 1 }), decision] })).passes,
    ).toBe(false);
  });
});

describe('proposals', () => {
  test('of a request without a path go by field and rule alone', () => {
    const told = explain(finding({ path: '', rules: [rule({ id: 1 }), decision] }), []);
    expect(told.proposals.map(({ exceptions }) => exceptions)).toMatchObject([
      [{ fields: [{ area: 'args', name: 'a' }] }],
      [{ fields: [] }],
    ]);
  });

  test('are there for each group of fields, and none where nothing scored', () => {
    const rules = [rule({ id: 1 }), rule({ id: 2, fields: ['REQUEST_HEADERS:X'] }), decision];
    const [first] = explain(finding({ rules, score: { inbound: 10, outbound: 0 } }), []).proposals;
    expect(first?.exceptions.map(({ fields }) => fields.map(formatFieldPath))).toEqual([['args.a'], ['headers.x']]);
    expect(explain(finding({ rules: [decision] }), []).proposals).toEqual([]);
  });

  test('name a field in any letters', () => {
    const bytes = Buffer.from('ARGS:größe', 'utf8').toString('latin1');
    const told = explain(finding({ rules: [rule({ id: 1, fields: [bytes] }), decision] }), []);
    expect(told.proposals[0]?.exceptions[0]?.fields).toEqual([{ area: 'args', name: 'größe' }]);
    expect(told.proposals[0]?.remaining.passes).toBe(true);
    expect(told.rules[0]?.fields).toEqual(['args.größe']);
  });

  test('are compared with what else was stopped on the site, and with nothing else', () => {
    const rules = [rule({ id: 1 }), decision];
    const others = [
      finding({ requestId: '1', rules, client: 'a' }),
      finding({ requestId: '2', rules, client: 'a' }),
      finding({ requestId: '3', rules, verdict: 'pass' }),
      finding({ requestId: '4', rules, site: 't' }),
    ];
    const [first] = explain(finding({ rules }), others).proposals;
    expect(first?.others).toEqual({ count: 2, clients: 1, samples: ['1', '2'] });
  });
});

const named = variableNames().filter(
  (name) => variableKind(name) === 'map' && !/^(?:ENV|RULE|MATCHED|FILES_TMPNAMES|INNER_XML)/.test(name),
);

test('what a finding names an exception can name, and it spares just that', () => {
  const names = fc
    .string({ unit: fc.constantFrom(...'aZ0.-_[]:/é *'.split('')), minLength: 1, maxLength: 12 })
    .filter((name) => name.trim() === name);
  fc.assert(
    fc.property(fc.constantFrom(...named), names, (variable, name) => {
      const bytes = Buffer.from(name, 'utf8').toString('latin1');
      const field = fieldOf(`${variable}:${bytes}`);
      const written = formatFieldPath(field);
      expect(parseFieldPath(written)).toEqual({ value: field });
      const target = targetsOf(field)?.find((each) => each.variable === variable);
      const selects = compileSelector(target?.selector);
      expect(selects?.(new Field(bytes, '').key)).toBe(true);
      expect(selects?.(new Field(`${bytes}x`, '').key)).toBe(false);
    }),
  );
});

test('a line of a log is read or left, whatever it holds', () => {
  const key = fc.constantFrom(
    'event',
    'requestId',
    'rules',
    'score',
    'threshold',
    'by',
    'fields',
    'path',
    'method',
    'verdict',
  );
  const value = fc.oneof(
    fc.constantFrom('waf', 'x', '/p', 1, null, [], {}, [{ id: 1 }], [{ fields: [1] }]),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.dictionary(key, value).map((map) => JSON.stringify({ event: 'waf', ...map })),
        fc.string(),
      ),
      (line) => {
        const read = readFinding(line);
        if (read !== undefined) expect(explain(read, [read]).requestId).toBe(read.requestId);
      },
    ),
  );
});
