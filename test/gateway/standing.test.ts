// Who goes on at once, who a moment later, and who not at all.
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RequestLimits } from '../../src/config/config.ts';
import { Standing } from '../../src/gateway/standing.ts';
import type { Exchange } from '../../src/http/exchange.ts';

const LIMITS = { unprovenPerIp: 2 } as RequestLimits;

function start(): Standing {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  return new Standing(() => LIMITS);
}

const connection = (): { answers: number; passed: number } => ({ answers: 0, passed: 0 });
const asked = (facts: Partial<Exchange> = {}): Exchange =>
  ({
    isGone: false,
    attempts: 1,
    bytesOut: 5,
    startedAt: performance.now(),
    whenGone: undefined,
    ...facts,
  }) as Exchange;
const gone = (): Exchange => asked({ isGone: true, bytesOut: 0 });

test('a few go on at once, the next after a moment, whoever they are', async () => {
  const standing = start();
  const at = connection();
  expect([asked(), asked(), asked()].map((x) => standing.lets(x, at))).toEqual([true, true, false]);
  const waiting = standing.wait(asked(), at);
  vi.advanceTimersByTime(75);
  expect(await waiting).toBe(true);
});

test('an answer that was taken lets others go on, and its connection ask for more', async () => {
  const standing = start();
  const at = connection();
  const first = asked();
  standing.lets(first, at);
  const others = [connection(), connection()].map((each) => standing.wait(asked(), each));
  standing.end(first, at);
  expect(await Promise.all(others)).toEqual([true, true]);
  expect(Array.from({ length: 4 }, () => standing.lets(asked(), at))).toEqual([true, true, true, true]);
});

test.for<[string, Partial<Exchange>, boolean]>([
  ['an answer that was stored is taken like another', { attempts: 0, cache: 'hit' }, true],
  ['what the gateway says by itself proves nothing', { attempts: 0 }, false],
])('%s', ([, facts, doesProve]) => {
  const standing = start();
  const at = connection();
  const first = asked(facts);
  standing.lets(first, at);
  standing.end(first, at);
  expect(Array.from({ length: 4 }, () => standing.lets(asked(), at)).every((isLet) => isLet)).toBe(doesProve);
});

test('where requests are broken off one goes on each quarter of a second, and connections take turns', async () => {
  const standing = start();
  const greedy = connection();
  for (let i = 0; i < 20; i++) {
    const x = gone();
    standing.lets(x, greedy);
    standing.end(x, greedy);
  }
  greedy.passed = 0;
  const went: string[] = [];
  const wait = (name: string, at: { answers: number; passed: number }): void => {
    void standing.wait(asked(), at).then((isLet) => went.push(`${name} ${isLet}`));
  };
  for (const name of ['a', 'b', 'c']) wait(name, greedy);
  wait('other', connection());
  await vi.advanceTimersByTimeAsync(300);
  expect(went).toEqual(['a true']);
  await vi.advanceTimersByTimeAsync(250);
  expect(went).toEqual(['a true', 'other true']);
  await vi.advanceTimersByTimeAsync(250);
  expect(went).toEqual(['a true', 'other true', 'b true']);
});

test('what is forgotten is what would hold for anybody', () => {
  const standing = start();
  expect(standing.isForgettable).toBe(true);
  const x = gone();
  standing.lets(x, connection());
  expect(standing.isForgettable).toBe(false);
  standing.end(x, connection());
  expect(standing.isForgettable).toBe(false);
  standing.regain(60_000);
  expect(standing.isForgettable).toBe(true);
});
