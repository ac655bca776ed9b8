// Runs the tests that stand beside rules, and the honest requests, through the real engine. Nothing is sent anywhere.
import { compilePlan } from '../compile.ts';
import { Engine, type Inspection } from '../engine.ts';
import type { Outcome } from '../finding.ts';
import type { RuleSet } from '../rule.ts';
import { seedsOf } from '../score.ts';
import type { HonestRequest, RuleTest } from './read.ts';
import type { TestRequest } from './test-request.ts';

export interface TestFailure {
  readonly file: string;
  readonly line: number;
  /** What is wrong, as one sentence. */
  readonly message: string;
}

/** Tests of rules are run with all levels of paranoia: a rule must find what it is for whatever level it is on. */
const ALL_LEVELS = 4;
/** But as the lowest blocks, where texts are excused. */
const LOWEST = 1;
const THRESHOLD = { inbound: 5, outbound: 4 };
/** Without regard to time: a slow machine must not fail a rule. */
const OPTIONS = { mode: 'detectionOnly', budgetMs: 60_000, body: { maxArguments: 5_000, maxDepth: 64 } } as const;

/** Every test whose rule does not say what the test expects. */
export function runRuleTests(ruleSet: RuleSet, tests: readonly RuleTest[]): TestFailure[] {
  const engine = engineOf(ruleSet, LOWEST, ALL_LEVELS);
  return tests.flatMap(({ ruleId, file, line, finds, request }) => {
    const isFound = inspect(engine.begin(), request).findings.some(({ rule }) => rule.id === ruleId);
    if (isFound === finds) return [];
    return [{ file, line, message: `rule ${ruleId} ${finds ? 'finds nothing in this' : 'finds something in this'}` }];
  });
}

/** Every honest request that is stopped at a level of paranoia. */
export function runHonest(ruleSet: RuleSet, requests: readonly HonestRequest[], paranoia: number): TestFailure[] {
  const engine = engineOf(ruleSet, paranoia, paranoia);
  return requests.flatMap(({ file, line, request }) => {
    const { suppressed, findings } = inspect(engine.begin(), request);
    if (suppressed === undefined) return [];
    const rules = findings.map(({ rule, target }) => `${rule.id} in ${target}`).join(', ');
    return [{ file, line, message: `this is stopped: ${rules}` }];
  });
}

/** Rules without a test of either kind. */
export function untested(ruleSet: RuleSet, tests: readonly RuleTest[]): TestFailure[] {
  return ruleSet.items.flatMap((item) => {
    if (item.kind !== 'rule' || item.id === 0 || item.tags.includes('scoring')) return [];
    if (item.source.file === 'built-in') return [];
    const own = tests.filter(({ ruleId }) => ruleId === item.id);
    const lacks = [
      ...(own.some(({ finds }) => finds) ? [] : ['block']),
      ...(own.some(({ finds }) => !finds) ? [] : ['pass']),
    ];
    if (lacks.length === 0) return [];
    return [{ ...item.source, message: `rule ${item.id} has no test of the kind ${lacks.join(' and ')}` }];
  });
}

function engineOf(ruleSet: RuleSet, paranoia: number, detectionParanoia: number): Engine {
  const seeds = seedsOf({ paranoia, detectionParanoia, threshold: THRESHOLD });
  return new Engine(compilePlan(ruleSet, seeds), OPTIONS);
}

function inspect(inspection: Inspection, request: TestRequest): Outcome {
  const { method, target, headers, body, response } = request;
  inspection.requestHead({
    id: 'test',
    clientAddress: '192.0.2.1',
    clientPort: 40_000,
    serverAddress: '198.51.100.1',
    serverPort: 443,
    serverName: 'app.example.com',
    method,
    target,
    protocol: 'HTTP/1.1',
    headers,
  });
  inspection.requestBody(Buffer.from(body, 'latin1'), false);
  if (response !== undefined) {
    inspection.responseHead({ status: response.status, protocol: 'HTTP/1.1', headers: response.headers });
    inspection.responseBody(Buffer.from(response.body, 'latin1'), false);
  }
  return inspection.finish();
}
