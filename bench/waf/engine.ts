// Gatehouse's engine as the benchmark drives it: one transaction a request, all phases, nothing kept from outside.
import { existsSync } from 'node:fs';
import type { BenchRequest } from './request.ts';

const ENGINE = new URL('../../src/waf/engine.ts', import.meta.url);
const LOADER = new URL('../../src/waf/load.ts', import.meta.url);

/** What of the engine is used here. */
interface EngineRoom {
  readonly Engine: new (rules: unknown) => { begin(facts: RequestFacts): Transaction };
}

interface LoaderRoom {
  readonly loadRules: (files: readonly string[]) => unknown;
}

interface RequestFacts {
  readonly method: string;
  readonly target: string;
  readonly protocol: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly address: string; readonly port: number };
}

interface Transaction {
  requestHeaders(): void;
  requestBody(body: Buffer): void;
  responseHeaders(status: number, headers: readonly (readonly [string, string])[]): void;
  responseBody(body: Buffer | undefined): void;
  logging(): void;
  readonly verdict: { readonly isBlocked: boolean; readonly score: number; readonly hits: readonly number[] };
}

/** What came of one request. */
export interface Outcome {
  readonly isBlocked: boolean;
  readonly score: number;
  /** Ids of the rules that were logged, in order. */
  readonly hits: readonly number[];
}

export interface BenchEngine {
  run(request: BenchRequest): Outcome;
}

/** Why this side cannot be measured; undefined when it can. */
export function missingEngine(): string | undefined {
  return [ENGINE, LOADER].every((url) => existsSync(url)) ? undefined : 'src/waf has no engine.ts and load.ts yet';
}

/** `files`: set-up, settings and rules, in the order in which they are loaded. */
export async function openEngine({ files }: { readonly files: readonly string[] }): Promise<BenchEngine> {
  const { loadRules } = (await import(LOADER.href)) as LoaderRoom;
  const { Engine } = (await import(ENGINE.href)) as EngineRoom;
  const engine = new Engine(loadRules(files));
  return { run: (request) => inspect(engine.begin(factsOf(request)), request.body) };
}

/** A transaction that is stopped is logged and answered nothing more, as at the other sides. */
function inspect(transaction: Transaction, body: Buffer): Outcome {
  const phases = [
    (): void => transaction.requestHeaders(),
    (): void => transaction.requestBody(body),
    (): void => transaction.responseHeaders(200, RESPONSE_HEADERS),
    (): void => transaction.responseBody(undefined),
  ];
  for (const phase of phases) {
    phase();
    if (transaction.verdict.isBlocked) break;
  }
  transaction.logging();
  return transaction.verdict;
}

const RESPONSE_HEADERS = [
  ['content-type', 'text/html; charset=utf-8'],
  ['content-length', '1024'],
] as const;

function factsOf({ method, target, headers }: BenchRequest): RequestFacts {
  return {
    method,
    target,
    protocol: 'HTTP/1.1',
    headers,
    client: { address: '192.0.2.10', port: 40_000 },
    server: { address: '192.0.2.1', port: 443 },
  };
}
