// What becomes of counts while the supervisor does not answer.
import { expect, onTestFinished, test, vi } from 'vitest';
import { CommonCounters, WorkerCounters } from '../../src/cluster/counters.ts';
import type { CountWish } from '../../src/cluster/words.ts';
import type { Count, Counter } from '../../src/limits/counter.ts';
import { MemoryCounters } from '../../src/limits/memory.ts';

const ALLOWANCE = { id: 'few', points: 3, windowMs: 60_000, isApproximate: false };

test('after three counts without an answer the next ones are made here at once, until it is time to ask again', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let asked = 0;
  const ask = (wishes: readonly unknown[]): Promise<never> => {
    asked += wishes.length;
    return Promise.reject(new Error('no answer in time'));
  };
  const counter = new WorkerCounters(ask, new MemoryCounters(100)).counter(ALLOWANCE);
  const points: number[] = [];
  for (let i = 0; i < 5; i++) points.push((await counter.add('somebody', 1)).points);
  expect(points).toEqual([1, 2, 3, 4, 4]);
  expect(asked).toBe(3);
  vi.advanceTimersByTime(1000);
  await counter.add('somebody', 1);
  expect(asked).toBe(4);
});

test('what is given back while there is no answer is given back there once it answers, and what was counted here, here', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const common = new CommonCounters(100);
  const waiting: (() => void)[] = [];
  let isStanding = false;
  // What is asked of a supervisor that stands still is counted when it goes on, and its answer comes too late.
  const worker = (): Counter => {
    const ask = (wishes: readonly CountWish[]): Promise<Count[]> => {
      if (!isStanding || wishes.length === 0) return common.count(wishes);
      waiting.push(() => void common.count(wishes));
      return Promise.reject(new Error('no answer in time'));
    };
    return new WorkerCounters(ask, new MemoryCounters(100)).counter(ALLOWANCE);
  };
  const [one, other] = [worker(), worker()];
  const counted = await one.add('somebody', 3);
  expect(counted.points).toBe(3);
  isStanding = true;
  // Nobody waits for an answer any more.
  for (let i = 0; i < 3; i++) await one.add('another', 1);
  one.giveBack('somebody', 3, counted);
  const here = await one.add('somebody', 3);
  expect(here.points).toBe(3);
  one.giveBack('somebody', 3, here);
  await vi.waitFor(async () => expect((await one.add('somebody', 0)).points).toBe(0));
  await vi.waitFor(() => expect(waiting).toHaveLength(4));
  isStanding = false;
  for (const go of waiting) go();
  expect((await other.add('somebody', 1)).points).toBe(1);
});
