import { expect, onTestFinished, test, vi } from 'vitest';
import { Budget } from '../../src/waf/budget.ts';

test('time in which others had the processor is not held against a request', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const budget = new Budget(50);
  for (let stretch = 0; stretch < 3; stretch++) {
    budget.enter();
    vi.advanceTimersByTime(1000);
    budget.spend(1000);
    budget.leave();
  }
  budget.enter();
  vi.advanceTimersByTime(1000);
  expect(() => budget.spend(100_000)).not.toThrow();
  expect(() => new Budget(-1).spend(100_000)).toThrow('the rules took more than -1 ms for one request');
});
