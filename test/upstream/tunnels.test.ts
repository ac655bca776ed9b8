import { expect, test } from 'vitest';
import { Tunnels } from '../../src/upstream/tunnels.ts';

test('one client may have every tunnel, until another wants one', () => {
  const tunnels = new Tunnels();
  const first = Array.from({ length: 4 }, () => tunnels.enter('a', 4));
  expect(first.map((place) => place?.isLost)).toEqual([false, false, false, false]);
  expect(tunnels.enter('a', 4)).toBeUndefined();
  const others = [tunnels.enter('b', 4), tunnels.enter('b', 4), tunnels.enter('b', 4)];
  expect(others.map((place) => place?.isLost)).toEqual([false, false, undefined]);
  expect(first.map((place) => place?.isLost)).toEqual([false, false, true, true]);
  expect(tunnels.size).toBe(4);
});

test('tunnels come back, and one that was lost is not counted twice', () => {
  const tunnels = new Tunnels();
  const [older, newer] = [tunnels.enter('a', 2), tunnels.enter('a', 2)];
  const other = tunnels.enter('b', 2);
  if (older === undefined || newer === undefined || other === undefined) throw new Error('no place');
  tunnels.leave('a', newer);
  expect(tunnels.size).toBe(2);
  tunnels.leave('a', older);
  tunnels.leave('b', other);
  expect(tunnels.size).toBe(0);
  expect(tunnels.enter('a', 0)).toBeUndefined();
});
