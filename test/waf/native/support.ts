// Native rules in a test: a text to an engine, and what a request leaves behind.
import { formatProblem, type Problem } from '../../../src/base/errors.ts';
import { BUILT_IN } from '../../../src/waf/built-in.ts';
import { checkRules, KNOWN } from '../../../src/waf/check.ts';
import { compilePlan } from '../../../src/waf/compile.ts';
import { Engine } from '../../../src/waf/engine.ts';
import type { Outcome } from '../../../src/waf/finding.ts';
import { readRules } from '../../../src/waf/native/read.ts';
import { scoringRules } from '../../../src/waf/native/scoring.ts';
import type { RuleSet } from '../../../src/waf/rule.ts';
import { type Scoring, seedsOf } from '../../../src/waf/score.ts';
import { parseSecLang } from '../../../src/waf/seclang/load.ts';
import { exchange, type Sent } from '../engine/support.ts';

const SCORING: Scoring = { paranoia: 1, detectionParanoia: 1, threshold: { inbound: 5, outbound: 4 } };
const OPTIONS = { mode: 'on', budgetMs: 10_000, body: { maxArguments: 1_000, maxDepth: 64 } } as const;

export function faultsOf(text: string): readonly Problem[] {
  return readRules(text, 'rules.yaml').problems;
}

/** A rule file whose rules follow; what every rule must have can be left out. */
export function fileOf(...rules: readonly string[]): string {
  const written = rules.map((rule, index) => `  - { id: ${index + 1}, title: rule ${index + 1}, ${rule} }\n`).join('');
  return `name: test\ninspect: [args]\nrules:\n${written}`;
}

export function native(text: string, scoring: Partial<Scoring> = {}, secLang = ''): Engine {
  const { items, problems } = readRules(text, 'rules.yaml');
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  const { ruleSet } = parseSecLang(BUILT_IN + secLang, 'rules.conf', { baseDir: '/', known: KNOWN });
  const all: RuleSet = { ...ruleSet, items: [...items, ...ruleSet.items, ...scoringRules()] };
  const faults = checkRules(all);
  if (faults.length > 0) throw new Error(faults.map(formatProblem).join('\n'));
  return new Engine(compilePlan(all, seedsOf({ ...SCORING, ...scoring })), OPTIONS);
}

export function send(engine: Engine, sent: Sent | string): Outcome {
  return exchange(engine.begin(), typeof sent === 'string' ? { target: sent } : sent);
}

/** `id target` of what the rules of the file found. */
export function found(text: string, sent: Sent | string): string[] {
  const { findings } = send(
    native(text, { paranoia: 4, detectionParanoia: 4, threshold: { inbound: 999, outbound: 999 } }),
    sent,
  );
  return findings.map(({ rule, target }) => `${rule.id} ${target}`);
}
