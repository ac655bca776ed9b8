// The scan may name a rule too many, never one too few: the core rules, found by the engine and by trying each by itself.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readable } from '../../../src/waf/bodies/printable.ts';
import { compilePlan } from '../../../src/waf/compile.ts';
import { CORE_FOLDER } from '../../../src/waf/core-folder.ts';
import { Engine } from '../../../src/waf/engine.ts';
import { compileMatcher } from '../../../src/waf/matcher.ts';
import type { Link, Rule } from '../../../src/waf/rule.ts';
import { seedsOf } from '../../../src/waf/score.ts';
import { loadRules } from '../../../src/waf/sources.ts';
import type { Transaction } from '../../../src/waf/transaction.ts';
import { transform } from '../../../src/waf/transforms/registry.ts';
import { byteStrings } from '../transforms/byte-strings.ts';
import { send } from './support.ts';

const NOTHING = {} as Transaction;
const { ruleSet } = loadRules([{ core: true }], CORE_FOLDER);
const threshold = { inbound: 999, outbound: 999 };
const engine = new Engine(compilePlan(ruleSet, seedsOf({ paranoia: 4, detectionParanoia: 4, threshold })), {
  mode: 'on',
  budgetMs: 60_000,
  body: { maxArguments: 100, maxDepth: 9 },
});

const ofArguments = ruleSet.items.flatMap((item): Rule[] =>
  item.kind === 'rule' && item.links[0]?.targets.some(({ variable }) => variable === 'ARGS') === true ? [item] : [],
);

const naive = new Map(ofArguments.map(({ id, links }) => [id, finder(links[0] as Link)]));

function finder({ operator, transforms, unless }: Link): (value: string) => boolean {
  const matcher = compileMatcher(operator);
  const excuse = unless === undefined ? undefined : compileMatcher(unless);
  const isExcused = (value: string): boolean => excuse?.holds(value, NOTHING) === true;
  return (value) => {
    const stages = [value];
    for (const name of transforms) stages.push(transform(name)?.apply(stages.at(-1) as string) as string);
    return !isExcused(value) && stages.some((stage) => matcher.holds(stage, NOTHING) && !isExcused(stage));
  };
}

const PIECES =
  '\' " ` ; | & ( ) { } < > = , . - -- /* */ # \\ / ../ %2e%2f $ ${ $( {{ or and union select 1 1=1 from users sleep(5) ' +
  'cat /etc/passwd id whoami <script> alert(1) onerror= <img src=x javascript: eval( system( require( process.env __proto__ ' +
  'http://127.0.0.1/ php://input <!ENTITY SYSTEM *)( )(uid=* \r\n Bcc: jndi: 7*7 }} O:8:"A":1:{ text of some words';
const soup = fc
  .array(fc.constantFrom(...PIECES.split(' ')), { maxLength: 9 })
  .chain((parts) => fc.constantFrom('', ' ').map((between) => parts.join(between)));

test('the engine finds in a value what each core rule finds by itself', () => {
  fc.assert(
    fc.property(soup, (value) => {
      const { findings } = send(engine, `/?x=${encodeURIComponent(value)}`);
      const found = new Set(findings.filter(({ target }) => target === 'ARGS:x').map(({ rule }) => rule.id));
      const expected = ofArguments.filter(({ id }) => naive.get(id)?.(value) === true).map(({ id }) => id);
      expect(expected.filter((id) => !found.has(id) && !findings.some(({ rule }) => rule.id === id))).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

test('what can be read of a body is never longer than it and its line ends, and of a text all of it', () => {
  fc.assert(
    fc.property(byteStrings, (value) => {
      expect(readable(value).length).toBeLessThanOrEqual(value.length + value.length / 8 + 16);
    }),
  );
  expect(readable('a text\nwith ümlauts')).toBe('a text\nwith ümlauts');
  const picture = `\x89PNG\r\n\x1a\n${'\0\x01\x02'.repeat(20)}<?php system(1);\0\x03short\0`;
  expect(readable(picture)).toBe(`${picture.slice(0, 16)}\n<?php system(1);`);
});
