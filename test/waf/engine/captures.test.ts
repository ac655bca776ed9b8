// What rules catch in long values and decide by: whole, whatever else the request makes them catch.
import { describe, expect, test } from 'vitest';
import { exchange, form, rules, verdict } from './support.ts';

/** The first link of each matches the filler; what it catches there says no. */
const SAME_WORD = `SecRule ARGS "@rx (\\w+)\\s*=\\s*(\\w+)" "id:1,phase:2,deny,capture,chain"
  SecRule TX:1 "@streq %{TX.2}"`;
const KEPT = `SecRule ARGS "@rx (\\w+)\\s*=\\s*(\\w+)" "id:1,phase:2,pass,nolog,capture,setvar:'tx.left=%{tx.1}',setvar:'tx.right=%{tx.2}'"
  SecRule TX:left "@streq %{tx.right}" "id:2,phase:2,deny"`;
const HANDED_ON = `SecRule ARGS "@rx (\\w+)\\s*=\\s*(\\w+)" "id:1,phase:2,pass,nolog,capture"
  SecRule TX:1 "@streq %{tx.2}" "id:2,phase:2,deny"`;
const FILLERS = `SecRule ARGS:n "@rx a(\\s*)b" "id:90,phase:2,pass,log,capture,msg:'%{TX.1}'"\n`.concat(
  ...Array.from(
    { length: 5 },
    (_, i) => `SecRule ARGS:n "@rx a(\\s*)b" "id:9${i + 1},phase:2,pass,log,capture,msg:'x'"\n`,
  ),
);
const LIMITS = { limits: { maxArguments: 100 } };

const blanks = (count: number): string => '+'.repeat(count);
const attack = (count: number): string => `q=foo${blanks(count)}%3D+foo`;

describe.for([
  ['the next link', SAME_WORD],
  ['a variable', KEPT],
  ['another rule', HANDED_ON],
] as const)('captures that %s looks at', ([, text]) => {
  test.for([1, 1_500, 50_000, 250_000])('are whole over %i blanks', (count) => {
    expect(verdict(FILLERS + text, form(attack(count)), LIMITS)).toMatch(/^deny 403/);
  });

  test('are whole behind matches that took all that is followed for the log', () => {
    const body = `n=a${blanks(100_000)}b&${attack(1_500)}`;
    expect(verdict(FILLERS + text, form(body), LIMITS)).toMatch(/^deny 403/);
  });
});

test('more than can be followed refuses the request, and says so', () => {
  const engine = rules(SAME_WORD);
  expect(() => exchange(engine.begin(), form(attack(2_000_000)))).toThrow(/caught more than they can follow/);
});
