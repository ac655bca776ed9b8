// Bodies that are inspected in turns: nobody else waits for them, and what comes of them is what comes of them at once.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Engine } from '../../../src/waf/engine.ts';
import type { Outcome } from '../../../src/waf/finding.ts';
import { scannedExchange } from './random-exchanges.ts';
import { randomScans } from './random-rules.ts';
import { engineOf, form, HEAD, parseRules, type Sent, written } from './support.ts';

const RUNS = Number(process.env.WAF_RUNS ?? 100);

/** An engine that gives every other a turn as often as it can. */
function inSmallTurns(text: string, mode: 'on' | 'detectionOnly' = 'on'): Engine {
  const { plan, options } = engineOf(parseRules(text), { mode });
  return new Engine(plan, { ...options, turnMs: 0 });
}

async function inTurns(engine: Engine, { body = '', ...head }: Sent): Promise<Outcome> {
  const inspection = engine.begin();
  if (inspection.requestHead({ ...HEAD, ...head }) === undefined) {
    await inspection.requestBodyInTurns(Buffer.from(body, 'latin1'), false);
  }
  return inspection.finish();
}

function atOnce(engine: Engine, { body = '', ...head }: Sent): Outcome {
  const inspection = engine.begin();
  if (inspection.requestHead({ ...HEAD, ...head }) === undefined) {
    inspection.requestBody(Buffer.from(body, 'latin1'), false);
  }
  return inspection.finish();
}

/** How often others got their turn while a body was inspected. */
async function turnsOf(text: string, sent: Sent): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await inTurns(inSmallTurns(text), sent);
  isOver = true;
  return turns;
}

test('a long value leaves others their turn behind each text that is made of it', async () => {
  const rule = (id: number, chain: string): string =>
    `SecRule ARGS "@rx evil" "id:${id},phase:2,pass,log,t:none,${chain}"`;
  const text = [rule(1, 't:lowercase'), rule(2, 't:urlDecode'), rule(3, 't:jsDecode'), rule(4, 't:cssDecode')].join(
    '\n',
  );
  const long = '%2561\\\\'.repeat(2_000);
  expect(await turnsOf(text, form(`a=${long}`))).toBeGreaterThan(4);
  expect(await turnsOf(text, form('a=1'))).toBeLessThan(4);
});

test('rules that match leave others their turn behind each of them', async () => {
  const rules = Array.from({ length: 20 }, (_, id) => `SecRule ARGS "@rx evil" "id:${id + 1},phase:2,pass,log"`);
  expect(await turnsOf(rules.join('\n'), form('a=evil'))).toBeGreaterThan(10);
});

test('what is found at the end of a long value is found', async () => {
  const text = 'SecRule ARGS "@rx evil$" "id:1,phase:2,deny,log,t:none,t:urlDecode"';
  const outcome = await inTurns(inSmallTurns(text), form(`a=${'%2520'.repeat(2_000)}evil`));
  expect(written(outcome)).toEqual(['1 ARGS:a']);
  expect(outcome.intervention?.action).toBe('deny');
});

/** A form of texts in many disguises, the first of them long. */
const long: fc.Arbitrary<Sent> = scannedExchange.map(({ target = '' }) =>
  form(target.slice(2).replace(/(?<==)[^&]+/, (value) => value.repeat(Math.ceil(5_000 / value.length)))),
);

test('two exchanges that take turns have the outcomes that each has alone', { timeout: 3_600_000 }, async () => {
  const modes = fc.constantFrom('on' as const, 'detectionOnly' as const);
  await fc.assert(
    fc.asyncProperty(randomScans, fc.tuple(long, long), modes, async (text, all, mode) => {
      const engine = inSmallTurns(text, mode);
      const alone = all.map((sent) => atOnce(engine, sent));
      const together = await Promise.all(all.map((sent) => inTurns(engine, sent)));
      expect(together, text).toEqual(alone);
    }),
    { numRuns: RUNS },
  );
});
