import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap } from '../../src/base/bounded-map.ts';

test('it does what a list in order of setting would do', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 12 }).map(String), isDeletion: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 200 }), (max, steps) => {
      const map = new BoundedMap<number>(max);
      let model: [string, number][] = [];
      for (const [value, { key, isDeletion }] of steps.entries()) {
        const isKnown = model.some(([known]) => known === key);
        model = model.filter(([known]) => known !== key);
        if (isDeletion) {
          expect(map.delete(key)).toBe(isKnown);
          continue;
        }
        const evicted = !isKnown && model.length >= max ? model.shift() : undefined;
        model.push([key, value]);
        expect(map.set(key, value)).toEqual(evicted);
      }
      expect([...map]).toEqual(model);
      expect(map.size).toBe(model.length);
      for (const [key, value] of model) expect(map.get(key)).toBe(value);
    }),
  );
});
