// Gatehouse's engine as the benchmark drives it: one inspection a request, all phases, nothing kept from outside.
import { dirname } from 'node:path';
import { checkRules, KNOWN } from '../../src/waf/check.ts';
import { compilePlan } from '../../src/waf/compile.ts';
import type { Inspection } from '../../src/waf/engine.ts';
import { Engine } from '../../src/waf/engine.ts';
import { loadSecLang } from '../../src/waf/seclang/load.ts';
import { warmUpAtOnce } from '../../src/waf/warm-up.ts';
import type { BenchRequest } from './request.ts';

/** More than any case needs: what is measured is the work, not where it would be given up. */
const BUDGET_MS = 60_000;
const NO_LIMITS = { maxArguments: 100_000, maxDepth: 100_000 };
/** As they are when a configuration says nothing. */
const LIMITS = { maxArguments: 2_000, maxDepth: 64 };
const RESPONSE_HEADERS = ['content-type', 'text/html; charset=utf-8', 'content-length', '1024'];
const NO_BODY = Buffer.alloc(0);

/** What came of one request. */
export interface Outcome {
  readonly isBlocked: boolean;
  readonly score: number;
  /** Ids of the rules that were logged, in order. */
  readonly hits: readonly number[];
}

export interface BenchEngine {
  run(request: BenchRequest): Promise<Outcome>;
  /** What the gateway does in the seconds after its start. */
  warmUp(): void;
}

export interface BenchOptions {
  /** Set-up, settings and rules, in the order in which they are loaded. */
  readonly files: readonly string[];
  /** With the gateway's default bounds: what exceeds them is refused. */
  readonly isBounded: boolean;
  /** Nothing is blocked: bodies are read to their end, whatever is in them. */
  readonly detects: boolean;
}

/** Fails with all that is wrong in the files. */
export function openEngine({ files, isBounded, detects }: BenchOptions): BenchEngine {
  const { ruleSet, problems } = loadSecLang(files, { baseDir: dirname(files[0] ?? '.'), known: KNOWN });
  const faults = [...problems, ...checkRules(ruleSet)];
  if (faults.length > 0) throw new Error(faults.map((problem) => JSON.stringify(problem)).join('\n'));
  const plan = compilePlan(ruleSet, new Map());
  const engine = new Engine(plan, {
    mode: detects ? 'detectionOnly' : 'on',
    budgetMs: BUDGET_MS,
    body: isBounded ? LIMITS : NO_LIMITS,
  });
  return {
    run: (request) => inspect(engine.begin(), request),
    warmUp: () => {
      warmUpAtOnce(plan);
    },
  };
}

async function inspect(inspection: Inspection, request: BenchRequest): Promise<Outcome> {
  await runPhases(inspection, request);
  const { intervention, score, findings } = inspection.finish();
  return {
    isBlocked: intervention !== undefined,
    score: score.inbound,
    hits: findings.map(({ rule }) => rule.id),
  };
}

/** A transaction that is stopped is logged and answered nothing more, as at the other side. */
async function runPhases(inspection: Inspection, { method, target, headers, body }: BenchRequest): Promise<void> {
  const head = { ...CONNECTION, method, target, protocol: 'HTTP/1.1', headers: headers.flat() };
  if (inspection.requestHead(head) !== undefined) return;
  if ((await inspection.requestBodyInTurns(body, false)) !== undefined) return;
  const answer = { status: 200, protocol: 'HTTP/1.1', headers: RESPONSE_HEADERS };
  if (inspection.responseHead(answer) !== undefined) return;
  inspection.responseBody(NO_BODY, false);
}

const CONNECTION = {
  id: 'bench',
  clientAddress: '192.0.2.10',
  clientPort: 40_000,
  serverAddress: '192.0.2.1',
  serverPort: 443,
  serverName: 'shop.example.com',
};
