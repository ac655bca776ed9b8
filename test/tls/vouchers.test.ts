import { expect, test } from 'vitest';
import { Vouchers } from '../../src/tls/vouchers.ts';

test('what is remembered of a certificate is whom it was good for, and nothing else', () => {
  const vouchers = new Vouchers();
  vouchers.add('ann', 'company');
  vouchers.add('ann', 'partner');
  vouchers.add('bob', 'partner');
  expect(vouchers.of('ann')).toEqual(new Set(['company', 'partner']));
  expect(vouchers.of('bob')).toEqual(new Set(['partner']));
  expect(vouchers.of('eve')).toEqual(new Set());
});

test('beyond its bound it forgets who has not been seen for the longest time', () => {
  const vouchers = new Vouchers(2);
  for (const name of ['ann', 'bob', 'ann', 'carol']) vouchers.add(name, 'company');
  expect(['ann', 'bob', 'carol'].map((name) => vouchers.of(name).size)).toEqual([1, 0, 1]);
});

test('what was given out does not change later', () => {
  const vouchers = new Vouchers();
  vouchers.add('ann', 'company');
  const given = vouchers.of('ann');
  vouchers.add('ann', 'partner');
  expect([...given]).toEqual(['company']);
});
