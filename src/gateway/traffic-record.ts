// Hands a request over to the recording of traffic, with what the rules made of it.
import type { Exchange } from '../http/exchange.ts';
import type { Records } from '../observe/records.ts';
import type { Outcome } from '../waf/finding.ts';
import { judgement } from './judgement.ts';

/** A request as the rules saw it. */
export interface SentRequest {
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly isCut: boolean;
}

/** Only what is a request: of what was refused as none there is nothing to try rules on. */
export function recordTraffic(x: Exchange, outcome: Outcome, { traffic }: Records, sent: SentRequest): void {
  if (traffic === undefined || x.refusal !== undefined) return;
  const verdict = outcome.intervention !== undefined ? 'block' : outcome.suppressed !== undefined ? 'detect' : 'pass';
  if (!traffic.wants(verdict)) return;
  const { score, rules } = judgement(outcome);
  traffic.record(x, { ...sent, verdict, score, rules: rules.map(({ id, fields }) => ({ id, fields })) });
}
