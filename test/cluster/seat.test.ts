// A worker that stands still before it has ever served.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Recruits } from '../../src/cluster/recruits.ts';
import { type Death, Seat } from '../../src/cluster/seat.ts';
import { temporaryFolder } from '../support/cli.ts';

test('is ended after thirty ticks, or more where more are allowed', async () => {
  const file = path.join(await temporaryFolder(), 'still.mjs');
  await writeFile(file, 'setInterval(() => {}, 60_000);');
  const deaths: Death[] = [];
  const sink = { write: () => true, whenEmpty: () => {} };
  const seat = new Seat(1, {
    recruits: new Recruits([file]),
    stdout: sink,
    stderr: sink,
    answers: () => ({}) as never,
    onDeath: (_, death) => void deaths.push(death),
  });
  for (const limit of [3, 40]) {
    const ready = seat.start();
    for (let i = 0; i < Math.max(limit, 30); i++) seat.tick(limit);
    expect(seat.isVacant).toBe(false);
    seat.tick(limit);
    await expect(ready).rejects.toThrow('a worker stood still and was ended while it started');
  }
  expect(deaths.map(({ cause }) => cause)).toEqual(['stalled', 'stalled']);
});
