// Taking rules and targets away: while an exchange runs (ctl), and for good (SecRuleRemove…, SecRuleUpdateTarget…).
import { describe, expect, test } from 'vitest';
import { lines } from './support.ts';

const RULES = `
SecRule ARGS "@rx x" "id:101,phase:2,tag:'attack-sqli',tag:'paranoia/1',msg:'An injection of SQL'"
SecRule ARGS|REQUEST_HEADERS "@rx x" "id:102,phase:2,tag:'attack-xss',msg:'A script'"
SecRule ARGS_NAMES "@rx x" "id:203,phase:2,tag:'attack-rce'"
SecRule ARGS:a "@rx x" "id:204,phase:3,msg:'of a chain',chain"
SecRule ARGS:b "@rx x"
`;
const sent = { target: '/?a=x&b=x&ax=y', headers: ['x-a', 'x', 'y', 'x'] };
const ALL = ['101 ARGS:b', '102 REQUEST_HEADERS:y', '203 ARGS_NAMES:ax', '204 ARGS:a'];

test('all of them match as they are', () => {
  expect(lines(RULES, sent)).toEqual(ALL);
});

const without = (...ids: readonly string[]): string[] => ALL.filter((line) => !ids.includes(line.slice(0, 3)));

const removals = [
  ['Id', '101', without('101')],
  ['Id', '102-203', without('102', '203')],
  ['Id', '100-199', without('101', '102')],
  ['Id', '101,203-204', without('101', '203', '204')],
  ['Id', '999', ALL],
  ['Tag', 'attack-sqli', without('101')],
  ['Tag', '^attack-', without('101', '102', '203')],
  ['Tag', 'paranoia/[12]$', without('101')],
  ['Tag', 'sqli$', without('101')],
  ['Msg', 'injection of SQL', without('101')],
  ['Msg', '^A', without('101', '102')],
  ['Msg', 'of a chain', without('204')],
] as const;

describe('ctl:ruleRemoveBy…', () => {
  test.for(removals)('%s=%s', ([by, which, left]) => {
    const control = `ctl:'ruleRemoveBy${by}=${which}'`;
    expect(lines(`SecRule ARGS:a "@rx x" "id:1,phase:1,nolog,pass,${control}"\n${RULES}`, sent)).toEqual(left);
  });

  test('takes rules away for this exchange, and only when it ran', () => {
    const text = `SecRule ARGS:a "@rx off" "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=101"\n${RULES}`;
    expect(lines(text, sent)).toEqual(ALL);
    expect(lines(text, { target: '/?a=offx', headers: [] })).toEqual(['102 ARGS:a']);
  });

  test('is too late for what ran before', () => {
    const text = `${RULES}\nSecAction "id:1,phase:2,nolog,pass,ctl:ruleRemoveById=101-204"`;
    expect(lines(text, sent)).toEqual(without('204'));
  });
});

describe('SecRuleRemoveBy…', () => {
  test.for(removals)('%s %s', ([by, which, left]) => {
    expect(lines(`${RULES}\nSecRuleRemoveBy${by} "${which}"`, sent)).toEqual(left);
  });
});

const targets = [
  ['ById', '101', 'ARGS:b', ['101 ARGS:a', ...ALL.slice(1)]],
  ['ById', '101', 'ARGS', ALL.slice(1)],
  ['ById', '101', 'ARGS:/^[ab]$/', ALL.slice(1)],
  ['ById', '101', 'ARGS:B', ['101 ARGS:a', ...ALL.slice(1)]],
  ['ById', '101-102', 'ARGS:a', ALL],
  ['ById', '102', 'REQUEST_HEADERS', ['101 ARGS:b', '102 ARGS:b', ...ALL.slice(2)]],
  ['ById', '102', 'REQUEST_HEADERS:Y', ['101 ARGS:b', '102 REQUEST_HEADERS:x-a', ...ALL.slice(2)]],
  ['ById', '204', 'ARGS:b', ALL.slice(0, 3)],
  ['ByTag', 'attack-', 'ARGS:b', ['101 ARGS:a', ...ALL.slice(1)]],
  ['ByTag', 'attack-rce', 'ARGS_NAMES', without('203')],
  ['ByTag', 'nothing', 'ARGS', ALL],
  ['ByMsg', 'SQL', 'ARGS:b', ['101 ARGS:a', ...ALL.slice(1)]],
] as const;

describe('ctl:ruleRemoveTarget', () => {
  test.for(targets)('%s=%s;%s', ([by, which, target, left]) => {
    const text = `SecRule ARGS:a "@rx x" "id:1,phase:1,nolog,pass,ctl:ruleRemoveTarget${by}=${which};${target}"\n${RULES}`;
    expect(lines(text, sent)).toEqual(left);
  });

  test('leaves what is counted alone when only a member is taken', () => {
    const text = `SecRule ARGS:a "@rx x" "id:1,phase:1,nolog,pass,ctl:ruleRemoveTargetById=2;ARGS:a"\nSecRule &ARGS "@eq 3" "id:2,phase:1"`;
    expect(lines(text, sent)).toEqual(['2 &ARGS']);
  });
});

describe('SecRuleUpdateTarget', () => {
  test.for(targets)('%s %s !%s', ([by, which, target, left]) => {
    expect(lines(`${RULES}\nSecRuleUpdateTarget${by} "${which}" "!${target}"`, sent)).toEqual(left);
  });

  test('adds a target to the head', () => {
    expect(lines(`${RULES}\nSecRuleUpdateTargetById 203 "REQUEST_HEADERS:y"`, sent)).toEqual([
      ...ALL.slice(0, 2),
      '203 REQUEST_HEADERS:y',
      '204 ARGS:a',
    ]);
  });

  test('replaces a target', () => {
    const found = lines(`${RULES}\nSecRuleUpdateTargetById 101 "REQUEST_HEADERS:x-a" "ARGS"`, sent);
    expect(found).toEqual(['101 REQUEST_HEADERS:x-a', ...ALL.slice(1)]);
  });
});

describe('SecRuleUpdateActionById', () => {
  test('changes what a rule leaves', () => {
    expect(lines(`${RULES}\nSecRuleUpdateActionById 101 "nolog"`, sent)).toEqual(ALL.slice(1));
  });

  test('can take the transformations away', () => {
    const text = `SecRule ARGS "@rx X" "id:1,phase:1,t:uppercase"\n`;
    expect(lines(text, sent)).toEqual(['1 ARGS:b']);
    expect(lines(`${text}SecRuleUpdateActionById 1 "t:none"`, sent)).toEqual([]);
  });
});
