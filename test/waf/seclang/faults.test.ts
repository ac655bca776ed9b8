// Every fault has its place, its code and its reason, and none hides another.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse, written } from './reading.ts';

interface FaultVector {
  readonly text: string;
  /** `line:column code: part of the message`, in the order found. */
  readonly faults: readonly string[];
}

interface NoticeVector {
  readonly text: string;
  readonly notices: readonly string[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8'));

test.for(read('faults') as FaultVector[])('$text is refused with its reason', ({ text, faults }) => {
  const found = parse(text).problems.map(written);
  expect(found.map((fault) => fault.slice(0, fault.indexOf(': ')))).toEqual(
    faults.map((fault) => fault.split(': ')[0]),
  );
  for (const [index, fault] of faults.entries()) expect(found[index]).toContain(fault.slice(fault.indexOf(': ') + 2));
});

test.for(read('notices') as NoticeVector[])('$text is accepted with a notice', ({ text, notices }) => {
  const { problems, notices: found } = parse(text);
  expect(problems).toEqual([]);
  expect(found.map((notice) => written(notice).split(': ')[0])).toEqual(notices);
});

test('a problem shows the line it is about', () => {
  expect(parse('# x\nSecMarker A\nSecFoo bar').problems).toMatchObject([
    { file: 'rules.conf', line: 3, source: 'SecFoo bar' },
  ]);
});

test('when there are more problems than anyone reads, the rest is counted', () => {
  const { problems } = parse('SecFoo\n'.repeat(1010));
  expect(problems).toHaveLength(1001);
  expect(problems.at(-1)).toMatchObject({ code: 'too-many-problems', message: '10 more problems are not shown' });
});
