// `all` and `any` of native rules: long values are read for several conditions at once, which must change no answer.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileMatcher } from '../../../src/waf/matcher.ts';
import { Readings } from '../../../src/waf/readings.ts';
import type { OperatorCall } from '../../../src/waf/rule.ts';
import type { Transaction } from '../../../src/waf/transaction.ts';
import { randomPattern, randomValue } from '../pattern/random-pattern.ts';

const NO_TRANSACTION = {} as Transaction;

function rx(argument: string, negated = false): OperatorCall {
  return { name: 'rx', argument, negated };
}

function join(name: 'all' | 'any', calls: readonly OperatorCall[], negated = false): OperatorCall {
  return { name, argument: '', negated, calls };
}

function holds(call: OperatorCall, value: string): boolean {
  return compileMatcher(call).holds(value, NO_TRANSACTION);
}

/** As a reader of the rule would say, one condition after the other. */
function expected(call: OperatorCall, value: string): boolean {
  if (call.calls === undefined) return holds(call, value);
  const each = call.calls.map((inner) => expected(inner, value));
  return (call.name === 'all' ? !each.includes(false) : each.includes(true)) !== call.negated;
}

test('whatever is joined, a long value is judged condition by condition', () => {
  const leaf = fc.tuple(randomPattern, fc.boolean()).map(([{ pcre }, negated]) => rx(pcre, negated));
  const inner = fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(leaf, { minLength: 1, maxLength: 3 }).map((calls) => join('all', calls)) },
  );
  const call = fc
    .tuple(fc.constantFrom('all', 'any'), fc.array(inner, { minLength: 1, maxLength: 8 }), fc.boolean())
    .map(([name, calls, negated]) => join(name as 'all' | 'any', calls, negated));
  fc.assert(
    fc.property(call, fc.array(randomValue, { minLength: 1, maxLength: 4 }), (joined, values) => {
      for (const value of values) {
        for (const text of [value, value.padEnd(3_000, '~'), value.padStart(3_000, '~')]) {
          expect(holds(joined, text)).toBe(expected(joined, text));
        }
      }
    }),
    { numRuns: 400 },
  );
});

test('a condition within `any` that asks for more than its pattern is asked whole', () => {
  const call = join('any', [join('all', [rx('a+b'), rx('safe', true)]), rx('never'), rx('nowhere')]);
  expect(holds(call, `${'x'.repeat(5_000)}aab`)).toBe(true);
  expect(holds(call, `${'x'.repeat(5_000)}aab safe`)).toBe(false);
});

test('what the scan has read is not read again, and what it was not asked is', () => {
  const readings = new Readings();
  const text = 'x'.repeat(5_000);
  const [wanted, found] = [Uint32Array.of(0b011), Uint32Array.of(0b001)];
  readings.add(text, {
    places: new Map([
      ['a+b', 0],
      ['x+$', 1],
      ['^x', 2],
    ]),
    wanted,
    found,
  });
  const holdsIn = (call: OperatorCall): boolean => compileMatcher(call).holds(text, { readings } as Transaction);
  expect(holdsIn(rx('a+b'))).toBe(true);
  expect(holdsIn(rx('x+$'))).toBe(false);
  expect(holdsIn(rx('x+$', true))).toBe(true);
  expect(holdsIn(rx('^x'))).toBe(true);
  expect(holdsIn(join('any', [rx('x+$'), rx('nothing')]))).toBe(false);
  expect(holdsIn(join('any', [rx('x+$'), rx('nothing'), rx('^x+')]))).toBe(true);
  expect(holdsIn(join('any', [rx('x+$'), rx('a+b')]))).toBe(true);
});
