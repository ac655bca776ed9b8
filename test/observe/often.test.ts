import { expect, onTestFinished, test, vi } from 'vitest';
import { Often } from '../../src/observe/often.ts';
import { request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

test('the first is said at once, its like once a second with their number', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const said: unknown[] = [];
  const often = new Often((msg, facts) => said.push([msg, facts]));
  for (let i = 0; i < 5; i++) often.tell('busy', `no room ${i}`, { id: i });
  often.tell('dead', 'no answer', {});
  expect(said.splice(0)).toEqual([
    ['no room 0', { id: 0 }],
    ['no answer', {}],
  ]);
  vi.advanceTimersByTime(1000);
  expect(said.splice(0)).toEqual([['no room 4', { id: 4, times: 4 }]]);
  often.tell('busy', 'no room', {});
  expect(said).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(said.splice(0)).toEqual([['no room', { times: 1 }]]);
  vi.advanceTimersByTime(1000);
  often.tell('busy', 'no room', {});
  expect(said).toEqual([['no room', {}]]);
  expect(vi.getTimerCount()).toBe(1);
});

test('a server that cannot be reached is told once a second, and its requests are counted', async () => {
  const world = await startGateway('sites: { localhost: { to: "http://127.0.0.1:1" } }');
  const warn = vi.spyOn(world.gateway.records, 'warn');
  await Promise.all(Array.from({ length: 30 }, () => request('http/1.1', world)));
  const lines = (): Readonly<Record<string, unknown>>[] =>
    warn.mock.calls.map(([, , facts = {}]) => facts).filter((facts) => 'requestId' in facts);
  const told = (): number => lines().reduce((sum, { times = 1 }) => sum + (times as number), 0);
  await vi.waitFor(() => expect(told()).toBe(30), { timeout: 5000 });
  expect(lines().length).toBeLessThan(15);
});
