// The key of session tickets: fresh, replaced in time, and handed on. What clients see of it is in
// test/e2e/client-sessions.test.ts.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SESSION_LIFE_SECONDS, TicketKeys } from '../../src/tls/tickets.ts';

const HOUR_MS = 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a key is replaced every twelve hours, and told', () => {
  const used: Buffer[] = [];
  const keys = new TicketKeys((key) => used.push(key));
  const first = keys.current.key;
  expect(first).toHaveLength(48);
  expect(used).toEqual([]);
  keys.start();
  vi.advanceTimersByTime(12 * HOUR_MS - 1);
  expect(keys.current.key).toBe(first);
  vi.advanceTimersByTime(1);
  vi.advanceTimersByTime(12 * HOUR_MS);
  keys.stop();
  vi.advanceTimersByTime(48 * HOUR_MS);
  expect(used).toHaveLength(2);
  expect(new Set([first, ...used].map((key) => key.toString('hex'))).size).toBe(3);
  expect(keys.current.key).toBe(used[1]);
});

test('a session ends before its key does', () => {
  const keys = new TicketKeys(() => {});
  expect(SESSION_LIFE_SECONDS * 1000).toBeLessThan(keys.current.untilMs - Date.now());
});

test('a key of another process is used until its own end, and then replaced if no other came', () => {
  const used: Buffer[] = [];
  const own = new TicketKeys((key) => used.push(key));
  own.start();
  const other = new TicketKeys(
    () => {},
    () => Date.now() - 9 * HOUR_MS,
  );
  own.adopt(other.current);
  expect(used).toEqual([other.current.key]);
  vi.advanceTimersByTime(3 * HOUR_MS - 1);
  expect(own.current).toEqual(other.current);
  vi.advanceTimersByTime(1);
  expect(own.current.key).not.toEqual(other.current.key);
  own.stop();
});

test('a rotation out of turn begins a new term', () => {
  const keys = new TicketKeys(() => {});
  keys.start();
  vi.advanceTimersByTime(11 * HOUR_MS);
  keys.rotate();
  const { key } = keys.current;
  vi.advanceTimersByTime(11 * HOUR_MS);
  expect(keys.current.key).toBe(key);
  keys.stop();
});
