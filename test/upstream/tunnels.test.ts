import { expect, test } from 'vitest';
import { Tunnels } from '../../src/upstream/tunnels.ts';

test('tunnels are bounded in all and for each client, and come back', () => {
  const tunnels = new Tunnels();
  expect([tunnels.enter('a', 4), tunnels.enter('a', 4)]).toEqual([undefined, undefined]);
  expect(tunnels.enter('a', 4)).toBe('2 tunnels of one client are open');
  expect([tunnels.enter('b', 4), tunnels.enter('', 4)]).toEqual([undefined, undefined]);
  expect(tunnels.enter('c', 4)).toBe('4 tunnels are open');
  tunnels.leave('a');
  expect(tunnels.size).toBe(3);
  expect(tunnels.enter('a', 4)).toBeUndefined();
});
