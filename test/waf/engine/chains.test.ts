// Chains, what they matched, and what their links do.
import { describe, expect, test } from 'vitest';
import { data, exchange, lines, rules, type Sent, verdict } from './support.ts';

const TX_N = `SecAction "id:99,phase:1,log,logdata:'n=%{tx.n}'"`;

describe('a chain', () => {
  const chain = `SecRule ARGS:a "@rx 1" "id:1,phase:1,deny,chain,setvar:tx.n=+1"
    SecRule ARGS:b "@rx 2" "chain,setvar:tx.n=+10"
    SecRule ARGS:c "@rx 3" "setvar:tx.n=+100"`;

  test.for([
    ['/?a=1&b=2&c=3', 'deny 403 1'],
    ['/?a=1&b=2&c=4', 'none'],
    ['/?b=2&c=3', 'none'],
    ['/', 'none'],
  ] as const)('matches only when all links do: %s', ([target, expected]) => {
    expect(verdict(chain, { target })).toBe(expected);
  });

  test.for([
    ['/?a=1&b=2&c=3', 'n=111'],
    ['/?a=1&b=2', 'n=11'],
    ['/?a=1&c=3', 'n=1'],
    ['/?b=2&c=3', 'n='],
  ] as const)('does what a link says as soon as that link matched: %s', ([target, expected]) => {
    expect(data(`${chain.replace('deny', 'nolog,pass')}\n${TX_N}`, { target })).toEqual([expected]);
  });

  test('leaves one line, which speaks of the head', () => {
    expect(lines(chain.replace('deny', 'pass'), { target: '/?a=1&b=2&c=3' })).toEqual(['1 ARGS:a']);
  });

  test('leaves no line when it is not whole', () => {
    expect(lines(chain, { target: '/?a=1&b=2' })).toEqual([]);
  });

  test('may have a link without condition', () => {
    const text = `SecAction "id:1,phase:1,pass,chain"\nSecRule ARGS "@rx 1"`;
    expect(lines(text, { target: '/?a=1' })).toEqual(['1']);
    expect(lines(text, { target: '/?a=2' })).toEqual([]);
  });

  test('has transformations of its own in each link', () => {
    const text = `SecRule ARGS:a "@streq X" "id:1,phase:1,pass,t:lowercase,t:uppercase,chain"\nSecRule ARGS:a "@streq x"`;
    expect(lines(text, { target: '/?a=x' })).toEqual(['1 ARGS:a']);
  });
});

describe('what a rule matched', () => {
  const two = '/?a=1x&b=2x&c=y';

  test('is MATCHED_VAR and MATCHED_VAR_NAME: the last value', () => {
    const text = `SecRule ARGS "@rx x" "id:1,phase:1,logdata:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"`;
    expect(data(text, { target: two })).toEqual(['ARGS:b=2x']);
  });

  test('is MATCHED_VARS and MATCHED_VARS_NAMES: all values of the links before', () => {
    const text = `SecRule ARGS "@rx x" "id:1,phase:1,chain"
      SecRule &MATCHED_VARS "@eq 2" "chain"
      SecRule MATCHED_VARS_NAMES "@streq ARGS:a" "chain"
      SecRule MATCHED_VARS:ARGS:b "@streq 2x"`;
    expect(lines(text, { target: two })).toEqual(['1 ARGS:b']);
  });

  test('is transformed as the operator saw it', () => {
    const text = `SecRule ARGS "@streq ab" "id:1,phase:1,t:lowercase,logdata:'%{MATCHED_VAR}'"`;
    expect(data(text, { target: '/?a=AB' })).toEqual(['ab']);
  });

  test('is forgotten when the next rule begins', () => {
    const text = `SecRule ARGS "@rx x" "id:1,phase:1,nolog,pass"\nSecRule &MATCHED_VARS "@eq 0" "id:2,phase:1"`;
    expect(lines(text, { target: two })).toEqual(['2 &MATCHED_VARS']);
  });

  test('keeps its name when a link looks at it again', () => {
    const text = `SecRule ARGS "@rx x" "id:1,phase:1,chain"
      SecRule MATCHED_VARS "@rx 1" "chain"
      SecRule MATCHED_VAR "@rx 1" "logdata:'%{MATCHED_VAR_NAME}'"`;
    expect(data(text, { target: two })).toEqual(['ARGS:a']);
  });

  test('is shown as it stood when the link matched that has the text', () => {
    const text = `SecRule ARGS:a "@rx x" "id:1,phase:1,logdata:'%{MATCHED_VAR_NAME}',chain"\nSecRule ARGS:b "@rx x"`;
    expect(data(text, { target: two })).toEqual(['ARGS:a']);
  });

  test('is in the finding: target, value, the part that the pattern found', () => {
    const text = `SecRule ARGS "@rx \\d+" "id:1,phase:1,t:lowercase,msg:'Found %{TX.0}',capture"`;
    const [finding] = exchange(rules(text).begin(), { target: '/?Name=AB12C' }).findings;
    expect(finding).toMatchObject({ target: 'ARGS:Name', value: 'ab12c', matched: '12', msg: 'Found 12' });
  });
});

describe('captures', () => {
  const show = `SecAction "id:9,phase:1,logdata:'%{tx.0}|%{tx.1}|%{tx.2}'"`;

  test.for([
    ['(a)(b)?', '/?q=xab', 'ab|a|b'],
    ['(a)(b)?', '/?q=xac', 'a|a|'],
    ['a', '/?q=xac', 'a||'],
    ['(z)', '/?q=xac', '||'],
  ] as const)('of @rx %s in %s are TX.0, TX.1, TX.2', ([pattern, target, expected]) => {
    expect(data(`SecRule ARGS "@rx ${pattern}" "id:1,phase:1,nolog,pass,capture"\n${show}`, { target })).toEqual([
      expected,
    ]);
  });

  test('of an earlier pattern are gone with the next one that captures', () => {
    const text = `SecRule ARGS:a "@rx (.)(.)" "id:1,phase:1,nolog,pass,capture"
      SecRule ARGS:b "@rx (.)" "id:2,phase:1,nolog,pass,capture"`;
    expect(data(`${text}\n${show}`, { target: '/?a=xy&b=z' })).toEqual(['z|z|']);
  });

  test('stay when a later rule has no capture, or does not match', () => {
    const text = `SecRule ARGS:a "@rx (.)(.)" "id:1,phase:1,nolog,pass,capture"
      SecRule ARGS:b "@rx (.)" "id:2,phase:1,nolog,pass"
      SecRule ARGS:b "@rx (q)" "id:3,phase:1,nolog,pass,capture"`;
    expect(data(`${text}\n${show}`, { target: '/?a=xy&b=z' })).toEqual(['xy|x|y']);
  });

  test('can be looked at by the next link', () => {
    const text = `SecRule ARGS "@rx ^(\\d+)-(\\d+)$" "id:1,phase:1,capture,chain"\nSecRule TX:2 "@lt %{tx.1}"`;
    expect(lines(text, { target: '/?r=9-5' })).toEqual(['1 ARGS:r']);
    expect(lines(text, { target: '/?r=5-9' })).toEqual([]);
  });

  test.for([
    ['@pm foo bar', 'xxBARxx', 'BAR'],
    ['@contains oo', 'foo', 'oo'],
    ['@detectSQLi', "1' or '1'='1", 's&sos'],
    ['@streq foo', 'foo', 'foo'],
  ] as const)('%s of %s puts what it found into TX.0', ([operator, value, expected]) => {
    const text = `SecRule ARGS "${operator}" "id:1,phase:1,nolog,pass,capture"\n${show}`;
    expect(data(text, { target: `/?q=${encodeURIComponent(value)}` })).toEqual([`${expected}||`]);
  });
});

describe('multiMatch', () => {
  const at = (steps: string, value: string): Sent & { text: string } => ({
    target: `/?q=${encodeURIComponent(value)}`,
    text: `SecRule ARGS "@rx [A-Z]<" "id:1,phase:1,multiMatch,${steps}logdata:'%{MATCHED_VAR}'"`,
  });

  test.for([
    ['t:lowercase,', 'A<', 'A<'],
    ['t:htmlEntityDecode,t:lowercase,', 'A&lt;', 'A<'],
    ['t:lowercase,t:htmlEntityDecode,', '&#65;<', 'A<'],
    ['', 'A<', 'A<'],
  ] as const)('with %s tries each stage of %s', ([steps, value, expected]) => {
    const { text, ...sent } = at(steps, value);
    expect(data(text, sent)).toEqual([expected]);
  });

  test('does not find what is at no stage', () => {
    const { text, ...sent } = at('t:lowercase,t:htmlEntityDecode,', 'A&lt;');
    expect(data(text, sent)).toEqual([]);
  });

  test('counts each stage that matches, as ModSecurity 3 does', () => {
    const text = `SecRule ARGS "@rx a" "id:1,phase:1,nolog,pass,multiMatch,t:lowercase,t:urlDecode,setvar:tx.n=+1"`;
    expect(data(`${text}\n${TX_N}`, { target: '/?q=Aa%2541' })).toEqual(['n=3']);
  });
});

test('the effects of a link happen for each value that matched', () => {
  const text = `SecRule ARGS "@rx 1" "id:1,phase:1,nolog,pass,setvar:tx.n=+1,setvar:'tx.last=%{MATCHED_VAR_NAME}'"`;
  expect(data(`${text}\nSecAction "id:2,phase:1,logdata:'%{tx.n} %{tx.last}'"`, { target: '/?a=1&b=2&c=1' })).toEqual([
    '2 ARGS:c',
  ]);
});

describe('what a rule caught', () => {
  test('is that of the last value, and is found for all of them at once', () => {
    const text = `SecRule ARGS "@rx b+" "id:1,phase:1,log,pass,capture,logdata:'%{tx.0} %{MATCHED_VAR}'"`;
    expect(data(text, { target: '/?x=abbc&y=abc&z=c' })).toEqual(['b abc']);
  });

  test('is seen by a later target of the same rule', () => {
    const text = `SecRule ARGS|TX:0 "@rx ^.(.*)$" "id:1,phase:1,log,pass,capture,logdata:'%{tx.1}'"`;
    expect(data(text, { target: '/?x=abc' })).toEqual(['bc']);
    expect(lines(text, { target: '/?x=abc' })).toEqual(['1 TX:0']);
  });

  test('is that of each value for its effects', () => {
    const text = `SecRule ARGS "@rx ^(.)" "id:1,phase:1,nolog,pass,capture,setvar:tx.all=%{tx.all}%{tx.1}"
      SecRule TX:all "@rx ." "id:2,phase:1,log,pass,logdata:'%{MATCHED_VAR}'"`;
    expect(data(text, { target: '/?x=abc&y=def' })).toEqual(['ad']);
  });
});
