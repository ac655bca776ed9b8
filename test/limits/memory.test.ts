import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Allowance } from '../../src/limits/counter.ts';
import { MemoryCounters } from '../../src/limits/memory.ts';
import { Spent } from '../../src/limits/spent.ts';

const five: Allowance = { id: 'five', points: 5, windowMs: 60_000, isApproximate: false };

describe('counters in memory', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('grant so many in a window, and as many in the next', async () => {
    const counter = new MemoryCounters(1000).counter(five);
    const granted = async (): Promise<number> => {
      const counts = await Promise.all(Array.from({ length: 20 }, () => counter.add('a', 1)));
      return counts.filter(({ points }) => points <= 5).length;
    };
    expect(await granted()).toBe(5);
    vi.advanceTimersByTime(59_999);
    expect(await granted()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(await granted()).toBe(5);
  });

  test('a window has milliseconds', async () => {
    const counter = new MemoryCounters(1000).counter({ ...five, id: 'short', points: 1, windowMs: 100 });
    await counter.add('a', 1);
    expect(await counter.add('a', 1)).toEqual({ points: 2, leftMs: 100 });
    vi.advanceTimersByTime(100);
    expect((await counter.add('a', 1)).points).toBe(1);
  });

  test('a refusal costs nothing: what is given back afterwards is there', async () => {
    const counter = new MemoryCounters(1000).counter(five);
    for (let i = 0; i < 9; i++) await counter.add('a', 1);
    counter.giveBack('a', 1);
    await vi.advanceTimersByTimeAsync(0);
    expect((await counter.add('a', 1)).points).toBe(5);
    expect((await counter.add('a', 1)).points).toBe(6);
  });

  test('nothing is given back to a key that has gone', async () => {
    const counter = new MemoryCounters(1000).counter(five);
    await counter.add('a', 1);
    vi.advanceTimersByTime(60_000);
    counter.giveBack('a', 1);
    await vi.advanceTimersByTimeAsync(0);
    expect((await counter.add('a', 1)).points).toBe(1);
  });

  test('the key unseen for longest gives way', async () => {
    const counters = new MemoryCounters(1000);
    const counter = counters.counter(five);
    for (let i = 0; i < 1000; i++) await counter.add(`k${i}`, 1);
    await counter.add('k0', 1);
    await counter.add('new', 1);
    expect((await counter.add('k0', 1)).points).toBe(3);
    expect((await counter.add('k1', 1)).points).toBe(1);
    expect(counters.size).toBe(1000);
  });

  test('one id is one counter', () => {
    const counters = new MemoryCounters(10);
    expect(counters.counter(five)).toBe(counters.counter({ ...five }));
  });
});

test('a hundred thousand keys through a bound of a thousand leave a thousand', async () => {
  const counters = new MemoryCounters(1000);
  const counter = counters.counter(five);
  for (let i = 0; i < 100_000; i++) await counter.add(`2001:db8:${i}:0`, 1);
  expect(counters.size).toBe(1000);
  expect(counter.dump().storage).toHaveLength(1000);
});

test('what is known to be used up is forgotten with its window, and bounded', () => {
  const spent = new Spent();
  spent.note('a', 100);
  expect(spent.leftMs('a', 40)).toBe(60);
  expect(spent.leftMs('a', 100)).toBe(0);
  spent.note('first', 1e9);
  for (let i = 0; i < 50_000; i++) spent.note(`k${i}`, 1e9);
  expect(spent.leftMs('first', 0)).toBe(0);
  expect(spent.leftMs('k49999', 0)).toBe(1e9);
});
