import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByClient } from '../../src/upstream/by-client.ts';

const CLIENTS = ['a', 'b', 'c'] as const;
const step = fc.record({
  what: fc.constantFrom('add', 'add', 'remove', 'takeNext', 'takeFor'),
  client: fc.constantFrom(...CLIENTS),
  at: fc.nat(5),
});

test('it gives what a plain list would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const places = new ByClient<number>();
      const plain = new Map<string, number[]>(CLIENTS.map((client) => [client, []]));
      const most = (): number => Math.max(...[...plain.values()].map(({ length }) => length));
      steps.forEach(({ what, client, at }, id) => {
        const own = plain.get(client) as number[];
        if (what === 'add') {
          places.add(client, id);
          own.push(id);
        } else if (what === 'remove') {
          const item = own[at] ?? -1;
          places.remove(client, item);
          plain.set(
            client,
            own.filter((each) => each !== item),
          );
        } else if (what === 'takeNext') {
          const taken = places.takeNext();
          const owner = [...plain].find(([, [oldest]]) => oldest === taken);
          expect(taken === undefined).toBe(most() === 0);
          if (taken !== undefined) owner?.[1].shift();
        } else {
          const wins = most() > own.length + 1;
          expect(places.yieldsTo(client)).toBe(wins);
          const taken = places.takeFor(client);
          expect(taken !== undefined).toBe(wins);
          if (!wins) return;
          const [loser, items] = [...plain].find(([, list]) => list.at(-1) === taken) as [string, number[]];
          expect([loser === client, items.length]).toEqual([false, most()]);
          items.pop();
        }
        expect(places.size).toBe([...plain.values()].flat().length);
      });
    }),
  );
});

test('clients take turns', () => {
  const places = new ByClient<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) places.add(item[0] as string, item);
  const order = Array.from({ length: 7 }, () => places.takeNext());
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', undefined]);
});
