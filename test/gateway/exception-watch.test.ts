import { expect, test } from 'vitest';
import type { ExceptionConfig } from '../../src/config/model/waf.ts';
import { ExceptionWatch } from '../../src/gateway/exception-watch.ts';
import type { Guards } from '../../src/gateway/guards.ts';
import type { Records } from '../../src/observe/records.ts';

test('an exception that is about to end, and one that has, are told once', () => {
  const told: string[] = [];
  const config = { expires: '2027-03-31', reason: 'why', place: { file: 'a.yaml', line: 3, column: 1 } };
  const guards = { exceptions: [{ uses: [{ config: config as ExceptionConfig }] }] } as unknown as Guards;
  const records = { warn: (_: string, message: string) => told.push(message) } as unknown as Records;
  const watch = new ExceptionWatch(() => guards, records);
  for (const day of ['2027-03-01', '2027-03-20', '2027-03-21', '2027-03-31', '2027-04-01', '2027-04-02']) {
    watch.look(Date.parse(`${day}T12:00:00Z`));
    told.push(day);
  }
  expect(told).toEqual([
    '2027-03-01',
    'this exception (why) ends with 2027-03-31',
    '2027-03-20',
    '2027-03-21',
    '2027-03-31',
    'this exception (why) ended with 2027-03-31 and no longer acts; remove it or give it a new date',
    '2027-04-01',
    '2027-04-02',
  ]);
});
