// What is decided at load must be what would be decided for each request. Each test is a way in which it once was not,
// or could be.
import { describe, expect, test } from 'vitest';
import { compilePlan } from '../../../src/waf/compile.ts';
import { data, lines, parseRules, type Sent } from './support.ts';

const ON: Sent = { target: '/?a=1' };
const GATED = `SecAction "id:2,phase:1"\nSecMarker E`;

describe('a setting behind a rule that runs', () => {
  const text = (first: string): string =>
    `SecRule ARGS "@rx 1" "id:1,phase:1,${first}"
    SecRule &TX:x "@eq 0" "id:2,phase:1,nolog,pass,setvar:tx.x=5"\nSecRule ARGS "@rx 1" "id:3,phase:2,log,pass,logdata:'%{tx.x}'"`;
  const runs = (first: string): number[] =>
    compilePlan(parseRules(text(first)), new Map()).steps.map(({ rule }) => rule.id);

  test('is decided at load when that rule has nothing to do with it', () => {
    expect(runs('nolog,pass,setvar:tx.y=1')).toEqual([1, 3]);
    expect(data(text('nolog,pass,setvar:tx.y=1'), ON)).toEqual(['5']);
  });

  test.for(['nolog,pass,setvar:tx.x=2', 'nolog,pass,setvar:tx.%{MATCHED_VAR}=2', 'nolog,deny', 'nolog,allow:phase'])(
    'stays when that rule says %s',
    (first) => expect(runs(first)).toContain(2),
  );

  test('stays when that rule prints it', () => {
    const first = "log,pass,logdata:'x=%{tx.x}'";
    expect(runs(first)).toContain(2);
    expect(data(text(first), ON)).toEqual(['x=', '5']);
  });
});

describe('a gate on a level', () => {
  const text = `SecAction "id:1,phase:1,nolog,pass,setvar:tx.level=2"
    SecRule TX:level "@lt 2" "id:11,phase:2,nolog,pass,skipAfter:E2"\nSecRule ARGS "@rx 1" "id:12,phase:2"\nSecMarker E2
    SecRule TX:level "@lt 3" "id:13,phase:2,nolog,pass,skipAfter:E3"\nSecRule ARGS "@rx 1" "id:14,phase:2"\nSecMarker E3`;

  test('costs nothing when a request runs', () => {
    const plan = compilePlan(parseRules(text), new Map());
    expect(plan.steps.map(({ rule }) => rule.id)).toEqual([12]);
    expect(lines(text, ON)).toEqual(['12 ARGS:a']);
  });

  test('stays when a rule may change the level', () => {
    const dynamic = `${text.split('\n')[0]}\nSecRule REQUEST_URI "@rx high" "id:3,phase:1,nolog,pass,setvar:tx.level=3"\n${text.split('\n').slice(1).join('\n')}`;
    expect(lines(dynamic, ON)).toEqual(['12 ARGS:a']);
    expect(lines(dynamic, { target: '/high?a=1' })).toEqual(['12 ARGS:a', '14 ARGS:a']);
  });

  test('stays when a rule writes names that are made while it runs', () => {
    const dynamic = text.replace(
      'SecRule TX:level "@lt 2"',
      `SecRule ARGS_NAMES "@rx ^l" "id:3,phase:1,nolog,pass,setvar:tx.%{MATCHED_VAR}=3"\nSecRule TX:level "@lt 2"`,
    );
    expect(lines(dynamic, { target: '/?a=1&level=x' })).toEqual(['12 ARGS:a', '14 ARGS:a']);
  });

  test('stays when a request can take it away, unless it takes all behind it as well', () => {
    const remove = (ids: string): string =>
      `SecRule ARGS "@rx 1" "id:3,phase:1,nolog,pass,ctl:'ruleRemoveById=${ids}'"\n`;
    expect(lines(remove('13') + text, ON)).toEqual(['12 ARGS:a', '14 ARGS:a']);
    expect(lines(remove('13-14') + text, ON)).toEqual(['12 ARGS:a']);
  });

  test('stays when a request can take away what it looks at', () => {
    const text = `SecAction "id:9,phase:1,nolog,pass,setvar:tx.x=1"
      SecRule ARGS "@rx 1" "id:1,phase:1,nolog,pass,ctl:ruleRemoveTargetById=5;TX:x"
      SecRule TX:x "@eq 1" "id:5,phase:1,nolog,pass,skipAfter:E"\n${GATED}`;
    expect(lines(text, ON)).toEqual(['2']);
    expect(lines(text)).toEqual([]);
  });

  test('stays when a request can take away a skip over one rule', () => {
    const text = `SecRule ARGS "@rx 1" "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=2"\nSecAction "id:2,phase:2,nolog,pass,skip:1"
      SecAction "id:3,phase:2"`;
    expect(lines(text, ON)).toEqual(['3']);
    expect(lines(text)).toEqual([]);
  });

  test.for([
    ['skip:1', ['101']],
    ['skip:2', ['101', '104']],
    ['skip:3', ['101']],
    ['skipAfter:M', ['101', '104']],
  ] as const)('stays when %s leads to it or behind it', ([jump, expected]) => {
    const text = `SecAction "id:101,phase:2,${jump}"\nSecRule &TX:nobody "@eq 1" "id:102,phase:2"
      SecRule &TX:pl "@eq 0" "id:103,phase:2,nolog,pass,skipAfter:E"\nSecMarker M\nSecAction "id:104,phase:2"\nSecMarker E`;
    expect(lines(text)).toEqual(expected);
  });
});

describe('a target that may have no value', () => {
  test.for(['@unconditionalMatch', '!@unconditionalMatch'])('is not known to match: %s', (operator) => {
    const text = `SecRule ARGS "${operator}" "id:1,phase:1,nolog,pass,skipAfter:E"\n${GATED}`;
    expect(lines(text)).toEqual(['2']);
    expect(lines(text, ON)).toEqual(operator.startsWith('!') ? ['2'] : []);
  });

  test('that nobody wrote is known not to match', () => {
    expect(lines(`SecRule TX:nobody "!@eq 1" "id:1,phase:1"\nSecRule &TX:nobody "!@eq 1" "id:2,phase:1"`)).toEqual([
      '2 &TX:nobody',
    ]);
  });
});

describe('effects', () => {
  test('that happen once for each value are counted so', () => {
    const text = `SecAction "id:9,phase:1,nolog,pass,setvar:tx.a=1,setvar:tx.b=1"
      SecRule TX:a|TX:b "@eq 1" "id:1,phase:1,nolog,pass,setvar:tx.n=+1"\nSecRule TX:n "@eq 2" "id:2,phase:1"`;
    expect(lines(text)).toEqual(['2 TX:n']);
  });

  test('of a link are seen by its later targets', () => {
    const text = `SecAction "id:9,phase:1,nolog,pass,setvar:tx.n=1"
      SecRule TX:n|TX:k "!@eq 0" "id:1,phase:1,nolog,pass,setvar:tx.k=+1"\nSecRule TX:k "@eq 2" "id:2,phase:1"`;
    expect(lines(text)).toEqual(['2 TX:k']);
  });

  test('of a rule between a jump and its end are not certain', () => {
    const text = `SecAction "id:9,phase:1,nolog,pass,setvar:tx.x=0"
      SecRule ARGS "@rx 1" "id:1,phase:1,nolog,pass,skipAfter:E"\nSecAction "id:2,phase:1,nolog,pass,setvar:tx.x=1"\nSecMarker E
      SecRule TX:x "@eq 0" "id:3,phase:1"`;
    expect(lines(text, ON)).toEqual(['3 TX:x']);
    expect(lines(text)).toEqual([]);
  });

  test('of a rule that a request can take away are not certain', () => {
    const text = `SecAction "id:9,phase:1,nolog,pass,setvar:tx.x=0"
      SecRule ARGS "@rx 1" "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=2"\nSecAction "id:2,phase:1,nolog,pass,setvar:tx.x=1"
      SecRule TX:x "@eq 0" "id:3,phase:1"`;
    expect(lines(text, ON)).toEqual(['3 TX:x']);
    expect(lines(text)).toEqual([]);
  });

  test('of a phase that allow leaves out are not certain in the phases behind it', () => {
    const text = `SecAction "id:9,phase:1,nolog,pass,setvar:tx.x=0"
      SecRule ARGS "@rx 1" "id:1,phase:1,nolog,allow:request"\nSecAction "id:2,phase:2,nolog,pass,setvar:tx.x=1"
      SecAction "id:4,phase:3,nolog,pass,setvar:tx.y=%{tx.x}"\nSecRule TX:x "@eq 0" "id:3,phase:3,logdata:'%{tx.y}'"`;
    expect(data(text, ON)).toEqual(['0']);
    expect(lines(text)).toEqual([]);
  });

  test('behind an intervention are not certain in phase 5, even when the value came back', () => {
    const text = `SecAction "id:1,phase:1,nolog,pass,setvar:tx.a=1"\nSecRule ARGS "@rx zzz" "id:2,phase:1,pass"
      SecAction "id:3,phase:1,nolog,pass,setvar:tx.a=2"\nSecRule ARGS "@rx 1" "id:4,phase:1,deny,nolog"
      SecAction "id:6,phase:2,nolog,pass,setvar:tx.a=1"\nSecRule TX:a "@eq 2" "id:5,phase:5"`;
    expect(lines(text, ON)).toEqual(['5 TX:a']);
    expect(lines(text)).toEqual([]);
  });

  test('of a link change the argument of the same link for its next value', () => {
    const text = `SecRule &TX:0|REQUEST_METHOD "@rx ^%{tx.n}" "id:1,phase:1,setvar:tx.n=x"`;
    expect(lines(text)).toEqual(['1 &TX:0']);
  });
});

describe('what a silent rule leaves behind', () => {
  test('are its captures', () => {
    const text = `SecAction "id:9,phase:1,nolog,pass,setvar:tx.a=x5"\nSecRule TX:a "@rx (\\d)" "id:1,phase:1,nolog,pass,capture"
      SecAction "id:2,phase:1,logdata:'%{tx.1}'"`;
    expect(data(text)).toEqual(['5']);
  });

  test('are the captures of a chain that fails', () => {
    const text = `SecRule ARGS "@rx (\\d)" "id:1,phase:1,nolog,pass,capture,chain"\nSecRule TX:nobody "@eq 1"
      SecAction "id:2,phase:1,logdata:'%{tx.1}'"`;
    expect(data(text, ON)).toEqual(['1']);
  });

  test('is its severity', () => {
    expect(
      data(`SecAction "id:1,phase:1,nolog,pass,severity:2"\nSecAction "id:2,phase:1,logdata:'%{HIGHEST_SEVERITY}'"`),
    ).toEqual(['2']);
  });
});
