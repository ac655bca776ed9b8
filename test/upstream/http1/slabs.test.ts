import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lendSlab, type Slab } from '../../../src/upstream/http1/slabs.ts';

test('nobody gets what is lent to another, and what a failed write had comes back to nobody', () => {
  const step = fc.constantFrom('lend', 'release', 'release twice', 'fail', 'fail first');
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat(100)), { maxLength: 60 }), (steps) => {
      const lent: Slab[] = [];
      const lost = new Set<Buffer>();
      for (const [what, which] of steps) {
        if (what === 'lend') {
          const slab = lendSlab();
          expect(lent.some(({ bytes }) => bytes === slab.bytes)).toBe(false);
          expect(lost.has(slab.bytes)).toBe(false);
          lent.push(slab);
          continue;
        }
        const [slab] = lent.splice(which % Math.max(1, lent.length), 1);
        if (slab === undefined) continue;
        if (what.startsWith('fail')) {
          lost.add(slab.bytes);
          slab.release(new Error('the stream was destroyed'));
        }
        if (what !== 'fail') slab.release();
        if (what === 'release twice') slab.release();
      }
      for (const { release } of lent) release();
    }),
  );
});

test('a few that lie unused are kept, and used again', () => {
  const first = Array.from({ length: 40 }, lendSlab);
  for (const { release } of first) release(null);
  const again = Array.from({ length: 40 }, lendSlab).filter(({ bytes }) => first.some((slab) => slab.bytes === bytes));
  expect(again).toHaveLength(16);
});
