import { expect, test } from 'vitest';
import { Health } from '../../src/shared/health.ts';

function world() {
  const seen: string[] = [];
  const health: Health = new Health(() => void seen.push(health.state));
  health.probed();
  return { health, seen };
}

test('one call that fails is a hiccup, three in a row are not', () => {
  const { health, seen } = world();
  health.failed('no answer', 'late');
  health.failed('no answer', 'late');
  health.answered();
  health.failed('no answer', 'late');
  health.failed('no answer', 'late');
  expect(seen).toEqual(['up']);
  health.failed('no answer', 'late');
  expect(seen).toEqual(['up', 'slow']);
  expect(health.reason).toBe('no answer');
});

test('a slow store is believed again after three probes, one that was gone after the first', () => {
  const { health, seen } = world();
  for (let i = 0; i < 3; i++) health.failed('OOM', 'refused');
  health.probed();
  health.probed();
  health.failed('OOM', 'refused');
  health.probed();
  health.probed();
  expect(seen).toEqual(['up', 'down']);
  health.probed();
  expect(seen).toEqual(['up', 'down', 'up']);
  health.failed('closed', 'gone');
  health.probed();
  expect(seen).toEqual(['up', 'down', 'up', 'down', 'up']);
});
