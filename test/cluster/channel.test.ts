// Questions between two processes: each is answered, refused, or given up in time.
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { GatehouseError, ProblemsError } from '../../src/base/errors.ts';
import { Channel } from '../../src/cluster/channel.ts';

/** One end of an IPC channel: what it sends arrives at the other, cloned, a moment later. */
class End extends EventEmitter {
  connected = true;
  other: End | undefined;

  send(message: unknown): boolean {
    const copy: unknown = structuredClone(message);
    setImmediate(() => this.other?.emit('message', copy));
    return true;
  }

  cut(): void {
    for (const end of [this, this.other]) {
      if (end === undefined) continue;
      end.connected = false;
      end.emit('disconnect');
    }
  }
}

interface Answers {
  double(value: number): Promise<number>;
  refuse(kind: string): Promise<void>;
  never(_: undefined): Promise<void>;
  count(_: undefined): void;
}

function connected(answers: Answers): { asker: Channel<Answers>; end: End } {
  const [end, other] = [new End(), new End()];
  end.other = other;
  other.other = end;
  new Channel(other as unknown as NodeJS.Process, answers);
  return { asker: new Channel<Answers>(end as unknown as NodeJS.Process, {}), end };
}

const PROBLEM = { file: 'a.yaml', line: 1, column: 2, code: 'bad-value', message: 'no' };
let counted = 0;
const ANSWERS: Answers = {
  double: (value) => Promise.resolve(value * 2),
  refuse: (kind) => {
    if (kind === 'problems') throw new ProblemsError([PROBLEM]);
    if (kind === 'gatehouse') throw new GatehouseError('listen_failed', 'gateway', 'taken');
    throw new TypeError('a defect');
  },
  never: () => new Promise(() => {}),
  count: () => {
    counted++;
  },
};

test('answers find their questions', async () => {
  const { asker } = connected(ANSWERS);
  const answers = Array.from({ length: 100 }, (_, i) => asker.ask('double', i, 1000));
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 100 }, (_, i) => i * 2));
});

test('a refusal arrives as what it was', async () => {
  const { asker } = connected(ANSWERS);
  const problems = await asker.ask('refuse', 'problems', 1000).catch((error: unknown) => error);
  expect(problems).toBeInstanceOf(ProblemsError);
  expect((problems as ProblemsError).problems).toEqual([PROBLEM]);
  await expect(asker.ask('refuse', 'gatehouse', 1000)).rejects.toMatchObject({
    code: 'listen_failed',
    message: 'taken',
  });
  await expect(asker.ask('refuse', 'defect', 1000)).rejects.toMatchObject({ code: 'internal', message: 'a defect' });
});

test('no answer is one too, in time; and what comes then is nobody’s', async () => {
  const { asker } = connected({ ...ANSWERS, double: (value) => sleep(30, value) });
  await expect(asker.ask('never', undefined, 5)).rejects.toThrow('no answer to never within 5 ms');
  await expect(asker.ask('double', 1, 5)).rejects.toThrow('no answer to double');
  expect(await asker.ask('double', 7, 1000)).toBe(7);
});

test('a process that ends answers everything: no', async () => {
  const { asker, end } = connected(ANSWERS);
  const asked = asker.ask('never', undefined, 60_000);
  end.cut();
  await expect(asked).rejects.toThrow('a process of the gateway has ended before it answered; try again');
  await expect(asker.ask('double', 1, 60_000)).rejects.toThrow(
    'a process of the gateway has ended before it answered; try again',
  );
});

test('so many questions may wait, and no more', async () => {
  const { asker, end } = connected(ANSWERS);
  const waiting = Array.from({ length: 10_000 }, () => asker.ask('never', undefined, 60_000).catch(() => 'given up'));
  await expect(asker.ask('double', 1, 1000)).rejects.toThrow('too many questions wait for double');
  end.cut();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['given up']));
});

test('what is told is not answered, and what nobody knows is passed over', async () => {
  const { asker, end } = connected(ANSWERS);
  asker.tell('count', undefined);
  end.other?.emit('message', 'nonsense');
  end.other?.emit('message', { ask: 'toString', value: 1 });
  end.other?.emit('message', { to: 77, value: 1 });
  expect(await asker.ask('double', 2, 1000)).toBe(4);
  expect(counted).toBe(1);
});
