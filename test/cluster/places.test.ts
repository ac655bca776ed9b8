import { expect, test } from 'vitest';
import { PlaceBook, WorkerPlaces } from '../../src/cluster/places.ts';

async function isGiven(places: WorkerPlaces, most: number): Promise<boolean> {
  return (await places.enter('limit', 'key', most)) !== undefined;
}

test('places are common to all workers, and free when they are left or their worker has ended', async () => {
  const book = new PlaceBook<string>();
  const [one, two] = ['one', 'two'].map((name) => {
    const answer = book.open(name);
    return new WorkerPlaces((wishes) => Promise.resolve(answer(wishes)));
  }) as [WorkerPlaces, WorkerPlaces];
  const leave = await one.enter('limit', 'key', 2);
  expect([await isGiven(two, 2), await isGiven(one, 2), await isGiven(two, 2)]).toEqual([true, false, false]);
  expect(await two.enter('limit', 'other', 2)).toBeDefined();
  leave?.();
  expect([await isGiven(two, 2), await isGiven(one, 2)]).toEqual([true, false]);
  book.close('two');
  // What it still had to say is not heard.
  expect(await isGiven(two, 2)).toBe(false);
  expect([await isGiven(one, 2), await isGiven(one, 2), await isGiven(one, 2)]).toEqual([true, true, false]);
});

test('while nobody answers a worker counts for itself, and what was given too late is given back', async () => {
  const book = new PlaceBook<string>();
  const answer = book.open('slow');
  let isSlow = false;
  const slow = new WorkerPlaces((wishes) => {
    const answers = answer(wishes);
    return isSlow ? Promise.reject(new Error('no answer in time')) : Promise.resolve(answers);
  });
  const granted = await slow.enter('limit', 'key', 2);
  isSlow = true;
  const own = await slow.enter('limit', 'key', 2);
  expect([granted, own, await slow.enter('limit', 'key', 2)]).toEqual([
    expect.anything(),
    expect.anything(),
    undefined,
  ]);
  for (const leave of [granted, own]) leave?.();
  isSlow = false;
  // All are free again here and there.
  expect([await isGiven(slow, 2), await isGiven(slow, 2), await isGiven(slow, 2)]).toEqual([true, true, false]);
});
