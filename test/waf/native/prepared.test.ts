// What a start takes from the prepared file in place of reading rules and patterns.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { CaseChange } from '../../../src/waf/chain-tree.ts';
import { CORE_FOLDER } from '../../../src/waf/core-folder.ts';
import { PREPARED_FILE, parsePrepared } from '../../../src/waf/native/prepared.ts';
import { joinNfas } from '../../../src/waf/pattern/nfa.ts';
import { buildNfa } from '../../../src/waf/pattern/nfa-builder.ts';
import { parsePattern } from '../../../src/waf/pattern/parse.ts';
import { compilePattern } from '../../../src/waf/pattern/pattern.ts';
import { PatternBook } from '../../../src/waf/pattern-book.ts';
import { ScanPattern } from '../../../src/waf/scan-pattern.ts';
import { seedsOf } from '../../../src/waf/score.ts';
import { randomPattern } from '../pattern/random-pattern.ts';

const text = readFileSync(PREPARED_FILE, 'utf8');
const { book: written } = parsePrepared(text)!;
const book = new PatternBook(written);

test('what is known of each pattern is what it comes to (gatehouse rules test --prepare)', () => {
  const wrong = Object.keys(written.patterns).filter((each) => {
    const pattern = compilePattern(each);
    return !pattern.isExact || !isSame(book.analysisOf(each), pattern.analysis);
  });
  expect(wrong).toEqual([]);
});

test('what the scan looks for is what each pattern comes to (gatehouse rules test --prepare)', () => {
  const wrong = Object.keys(written.scans).filter((key) => {
    const [, change, pattern] = /^(\w+) (.*)$/s.exec(key) as unknown as [string, CaseChange, string];
    const fresh = new ScanPattern(pattern, change, compilePattern(pattern), undefined);
    const { condition, isCounter, isEager, nfa } = fresh;
    const { minLength, clauses } = condition;
    return !isSame(book.factsOf(pattern, change), { minLength, clauses, isCounter, isEager, nfa });
  });
  expect(wrong).toEqual([]);
});

test('at the ordinary level of paranoia the core rules ask for no pattern that is not known', async () => {
  // An engine of its own: others in this process have asked for more.
  vi.resetModules();
  const [{ compilePlan }, { loadRules }, { allPatterns }] = await Promise.all([
    import('../../../src/waf/compile.ts'),
    import('../../../src/waf/sources.ts'),
    import('../../../src/waf/pattern-store.ts'),
  ]);
  const { ruleSet } = loadRules([{ core: true }], CORE_FOLDER);
  compilePlan(ruleSet, seedsOf({ paranoia: 1, detectionParanoia: 1, threshold: { inbound: 5, outbound: 4 } }));
  const { patterns, scans } = allPatterns();
  const exact = [...patterns].filter(([, { isExact }]) => isExact).map(([each]) => each);
  expect(exact.filter((each) => book.analysisOf(each) === undefined)).toEqual([]);
  expect([...scans].filter((each) => book.factsOf(each.text, each.change) === undefined)).toEqual([]);
});

test('a prepared file that was damaged or cut is none', () => {
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.boolean(), (at, isCut) => {
      const damaged = isCut ? text.slice(0, at) : `${text.slice(0, at)}\0${text.slice(at + 1)}`;
      expect(parsePrepared(damaged)).toBe(null);
    }),
    { numRuns: 20 },
  );
});

test('automata that are joined are what is built of all patterns at once', () => {
  fc.assert(
    fc.property(fc.array(randomPattern, { maxLength: 6 }), (patterns) => {
      const nodes = patterns.map(({ pcre }) => parsePattern(pcre));
      expect(isSame(joinNfas(nodes.map((node) => buildNfa([node]))), buildNfa(nodes))).toBe(true);
    }),
  );
});

/** Sets of bytes by what they hold: what they remember of themselves does not count. */
function isSame(left: unknown, right: unknown): boolean {
  const plain = (_key: string, value: unknown): unknown =>
    value instanceof Object && 'words' in value ? (value as unknown as { key: string }).key : value;
  return JSON.stringify(left, plain) === JSON.stringify(right, plain);
}
