// Operators whose pattern no automaton decides: what the scan is told, and what counts when nothing can be ruled out.
import { expect, test } from 'vitest';
import { Budget } from '../../../src/waf/budget.ts';
import { compileMatcher } from '../../../src/waf/matcher.ts';
import type { Transaction } from '../../../src/waf/transaction.ts';

const tx = { budget: new Budget(Number.POSITIVE_INFINITY) } as Transaction;
const rx = (argument: string, negated: boolean) => compileMatcher({ name: 'rx', argument, negated });

test('of a pattern that is not negated the scan looks for the relaxed form, and the rule for the pattern', () => {
  const matcher = rx('<\\?(?!xml)', false);
  expect(matcher.scan?.kind).toBe('pattern');
  expect(matcher.holds('<?php', tx)).toBe(true);
  expect(matcher.parts('a <?php', tx, { steps: 1_000 })[0]).toBe('<?');
  expect(matcher.holds('<?xml', tx)).toBe(false);
});

test('a negated pattern is put to the test by the scan, too: its relaxed form says nothing', () => {
  const matcher = rx('^<\\?(?!xml)', true);
  const { scan } = matcher;
  expect(scan?.kind).toBe('test');
  for (const [value, expected] of [
    ['<?php', false],
    ['<?xml', true],
    ['', true],
  ] as const) {
    expect(matcher.holds(value, tx)).toBe(expected);
    expect(scan?.kind === 'test' && scan.test(value)).toBe(expected);
  }
});

test('what cannot be ruled out counts against the request, negated or not', () => {
  const pattern = '(.*)(.*)(.*)\\3\\2\\1x\\1!!?$';
  const value = `${'ab'.repeat(50_000)}x!`;
  expect(rx(pattern, false).holds(value, tx)).toBe(true);
  expect(rx(pattern, true).holds(value, tx)).toBe(true);
});

test('the steps of the search count towards the budget of the exchange', () => {
  const slow = { budget: new Budget(-1) } as Transaction;
  slow.budget.enter();
  expect(() => rx('(.*)(.*)(.*)\\3\\2\\1x\\1!!?$', false).holds(`${'ab'.repeat(50_000)}x!`, slow)).toThrow(
    'for one request',
  );
});
