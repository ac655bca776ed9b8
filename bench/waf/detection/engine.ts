// The engine as the laboratory runs it: in process, a rule set and a level of paranoia, the default bounds of a gateway.

import { formatProblem } from '../../../src/base/errors.ts';
import type { RuleSource } from '../../../src/config/model/waf.ts';
import { compilePlan } from '../../../src/waf/compile.ts';
import { Engine } from '../../../src/waf/engine.ts';
import { seedsOf } from '../../../src/waf/score.ts';
import { loadRules } from '../../../src/waf/sources.ts';
import type { BenchRequest } from '../request.ts';

export interface Verdict {
  readonly isStopped: boolean;
  /** `id target` of each finding. */
  readonly hits: readonly string[];
}

export type Judge = (request: BenchRequest) => Verdict;

const OPTIONS = { mode: 'on', budgetMs: 60_000, body: { maxArguments: 5_000, maxDepth: 64 } } as const;
const THRESHOLD = { inbound: 5, outbound: 4 };

/** Fails with all that is wrong in the rules. */
export function openJudge(source: RuleSource, paranoia: number): Judge {
  const { ruleSet, problems } = loadRules([source], process.cwd());
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  const seeds = seedsOf({ paranoia, detectionParanoia: paranoia, threshold: THRESHOLD });
  const engine = new Engine(compilePlan(ruleSet, seeds), OPTIONS);
  return (request) => judge(engine, request);
}

function judge(engine: Engine, { method, target, headers, body }: BenchRequest): Verdict {
  const inspection = engine.begin();
  const head = { ...CONNECTION, method, target, protocol: 'HTTP/1.1', headers: headers.flat() };
  if (inspection.requestHead(head) === undefined) inspection.requestBody(body, false);
  const { intervention, findings } = inspection.finish();
  return {
    isStopped: intervention !== undefined,
    hits: findings.map(({ rule, target: where }) => `${rule.id} ${where}`),
  };
}

const CONNECTION = {
  id: 'lab',
  clientAddress: '192.0.2.10',
  clientPort: 40_000,
  serverAddress: '192.0.2.1',
  serverPort: 443,
  serverName: 'shop.example.com',
};
