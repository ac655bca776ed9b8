// What becomes of counts while the supervisor does not answer.
import { expect, onTestFinished, test, vi } from 'vitest';
import { WorkerCounters } from '../../src/cluster/counters.ts';
import { MemoryCounters } from '../../src/limits/memory.ts';

test('after three counts without an answer the next ones are made here at once, until it is time to ask again', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let asked = 0;
  const ask = (wishes: readonly unknown[]): Promise<never> => {
    asked += wishes.length;
    return Promise.reject(new Error('no answer in time'));
  };
  const counter = new WorkerCounters(ask, new MemoryCounters(100)).counter({
    id: 'few',
    points: 3,
    windowMs: 60_000,
    isApproximate: false,
  });
  const points: number[] = [];
  for (let i = 0; i < 5; i++) points.push((await counter.add('somebody', 1)).points);
  expect(points).toEqual([1, 2, 3, 4, 4]);
  expect(asked).toBe(3);
  vi.advanceTimersByTime(1000);
  await counter.add('somebody', 1);
  expect(asked).toBe(4);
});
