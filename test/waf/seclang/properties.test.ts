// Properties: no text makes the parser throw or hang, and what is printed reads back as the same rules.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Effect, Exclusion, Link, Rule, RuleSelector, Selector } from '../../../src/waf/rule.ts';
import { printSecLang } from '../../../src/waf/seclang/print.ts';
import { parse, withoutSources } from './reading.ts';

const sample = `SecDefaultAction "phase:1,log,deny,t:trim"
SecRule ARGS|!ARGS:/^a,b|c/|&REQUEST_HEADERS:'x y'|XML:/* "!@rx a\\"b(?i)c" \\
    "id:1,phase:1,block,capture,msg:'it\\'s, so',setvar:'tx.a_%{MATCHED_VAR_NAME}=+%{tx.b}',\\
    ctl:ruleRemoveTargetById=1-9;ARGS:/a|b/,expirevar:ip.a=60,chain,skipAfter:END"
    SecRule TX:/x/ "@within %{tx.y}" "t:none,t:lowercase,initcol:ip=%{REMOTE_ADDR}"
SecMarker END
SecRuleUpdateTargetById 1 "!ARGS:'/x,y/'" ARGS
SecRuleUpdateActionById 1:1 "status:400,tag:z"
SecRuleRemoveByTag "^x"
Include *.none
`;

const pieces = [...sample.split(/(?<=[\s,|:'"=\\/%{}!&@])/), '\\', '"', "'", '%{', '/', '\n', '\\\n', ',', '|', '\xff'];

const bytes = fc.uint8Array({ maxLength: 400 }).map((values) => Buffer.from(values).toString('latin1'));
const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join(''));
const mutated = fc
  .array(fc.tuple(fc.nat(sample.length), fc.nat(20), fc.constantFrom('', ...pieces)), { minLength: 1, maxLength: 6 })
  .map((edits) => edits.reduce((text, [at, gone, put]) => text.slice(0, at) + put + text.slice(at + gone), sample));

describe('any text', () => {
  test('is read to rules or to problems that have a place', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, soup, mutated), (text) => {
        const lineCount = text.split('\n').length;
        for (const { line, column, message } of parse(text).problems) {
          expect(line).toBeLessThanOrEqual(lineCount);
          expect(column).toBeGreaterThan(0);
          expect(message).not.toBe('');
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('that is read without a problem prints back to the same rules', () => {
    fc.assert(
      fc.property(fc.oneof(soup, mutated), (text) => {
        const { ruleSet, problems } = parse(text);
        if (problems.length > 0) return;
        const again = parse(printSecLang(ruleSet));
        expect(again.problems).toEqual([]);
        expect(withoutSources(again.ruleSet)).toEqual(withoutSources(ruleSet));
      }),
      { numRuns: 1500 },
    );
  });
});

/** Texts as the parser can make them: every backslash has a byte behind it that is no quote. */
const characters = 'abZ09_-. ,|;:=+!&@#/%{}()[]"\'\xe9'.split('');
const word = fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 });
const name = fc.stringMatching(/^[a-z0-9_.\-[\]]{1,8}$/);
const value = word.map((text) => text.trim()).filter((text) => text !== '' && !/^'.*'$/.test(text));
const selector: fc.Arbitrary<Selector> = fc.oneof(
  name.map((text): Selector => ({ kind: 'name', name: text })),
  word.filter((text) => !text.includes("'")).map((pattern): Selector => ({ kind: 'pattern', pattern })),
);
const exclusion: fc.Arbitrary<Exclusion> = fc.oneof(
  fc.record({ variable: fc.constantFrom('ARGS', 'TX', 'REQUEST_COOKIES'), selector }),
  fc.record({ variable: fc.constantFrom('ARGS', 'REQUEST_BODY') }),
);
const ranges = fc.array(
  fc.tuple(fc.nat(999), fc.nat(99)).map(([from, more]) => ({ from, to: from + more })),
  { minLength: 1, maxLength: 3 },
);
const rules: fc.Arbitrary<RuleSelector> = fc.oneof(
  ranges.map((list): RuleSelector => ({ by: 'id', ranges: list })),
  fc.tuple(fc.constantFrom('tag' as const, 'msg' as const), name).map(([by, pattern]) => ({ by, pattern })),
);
const effect: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({
    kind: fc.constant('setvar' as const),
    collection: fc.constantFrom('tx' as const, 'ip' as const),
    name: fc.tuple(name, fc.constantFrom('', '%{MATCHED_VAR}')).map(([start, macro]) => start + macro),
    change: fc.constantFrom('set' as const, 'add' as const, 'subtract' as const),
    value: value.filter((text) => !/^[+-]/.test(text)),
  }),
  fc.record({ kind: fc.constant('setenv' as const), name, value }),
  fc.record({ kind: fc.constant('initcol' as const), collection: fc.constant('ip' as const), key: value }),
  rules.map((list): Effect => ({ kind: 'ctl', control: { option: 'ruleRemove', rules: list } })),
  fc
    .tuple(rules, exclusion)
    .map(([list, target]): Effect => ({ kind: 'ctl', control: { option: 'ruleRemoveTarget', rules: list, target } })),
);
const source = { file: 'rules.conf', line: 1 };
const link: fc.Arbitrary<Link> = fc.record({
  source: fc.constant(source),
  targets: fc.array(
    exclusion.chain((target) => fc.constant({ ...target, count: false })),
    { minLength: 1, maxLength: 3 },
  ),
  exclusions: fc.array(exclusion, { maxLength: 3 }),
  operator: fc.record({
    name: fc.constantFrom('rx', 'pm', 'streq'),
    negated: fc.boolean(),
    argument: word.map((text) => text.trimStart()),
  }),
  transforms: fc.array(fc.constantFrom('trim', 'lowercase', 'urldecodeuni'), { maxLength: 3 }),
  multiMatch: fc.boolean(),
  capture: fc.boolean(),
  effects: fc.array(effect, { maxLength: 3 }),
  msg: word.filter((text) => text !== ''),
});
const rule: fc.Arbitrary<Omit<Rule, 'id'>> = fc.record({
  kind: fc.constant('rule' as const),
  phase: fc.constantFrom(1 as const, 2 as const, 5 as const),
  source: fc.constant(source),
  links: fc.array(link, { minLength: 1, maxLength: 3 }),
  disruptive: fc.constantFrom({ action: 'pass' as const }, { action: 'deny' as const, status: 418 }),
  log: fc.boolean(),
  auditLog: fc.boolean(),
  severity: fc.nat(7),
  tags: fc.array(
    word.filter((text) => text !== ''),
    { maxLength: 3 },
  ),
  skip: fc.nat(3),
});

test('any rule that is printed reads back as itself', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 3 }), (bodies) => {
      const items = bodies.map((body, index): Rule => ({ ...body, id: index + 1 }));
      const again = parse(printSecLang({ items, settings: {}, components: [] }));
      expect(again.problems.filter(({ message }) => !message.includes('cannot be used'))).toEqual([]);
      expect(withoutSources(again.ruleSet.items)).toEqual(withoutSources(items));
    }),
    { numRuns: 500 },
  );
});

describe('long texts are read in time that grows with their length', () => {
  const repeated = [
    '\\',
    '"',
    "'",
    '%{',
    '/',
    'ARGS:/a|',
    "ARGS:'|",
    'setvar:tx.%{',
    "a:'",
    '\\ ',
    '!',
    ',',
    ';',
    '=',
    ' ',
  ];

  test.for(repeated)('%j over and over', (piece) => {
    const much = piece.repeat(100_000 / piece.length);
    for (const text of [
      much,
      `SecRule ${much} x id:1`,
      `SecRule "${much}`,
      `SecRule ARGS "@rx ${much}" "id:1,msg:${much}"`,
    ]) {
      expect(() => parse(text)).not.toThrow();
    }
    for (const text of [
      `SecAction "id:1,setvar:tx.${much}"`,
      `SecAction id:1,ctl:ruleRemoveTargetById=${much};${much}`,
    ]) {
      expect(() => parse(text)).not.toThrow();
    }
  });
});
