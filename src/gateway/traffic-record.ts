// Hands a request over to the recording of traffic, with what the rules made of it.
import type { Exchange } from '../http/exchange.ts';
import type { Records } from '../observe/records.ts';
import type { Outcome } from '../waf/finding.ts';

/** A request as the rules saw it. */
export interface SentRequest {
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly isCut: boolean;
}

/** Only what is a request: of what was refused as none there is nothing to try rules on. */
export function recordTraffic(x: Exchange, outcome: Outcome, { traffic }: Records, sent: SentRequest): void {
  if (traffic === undefined || x.refusal !== undefined) return;
  const { findings, intervention, suppressed, score } = outcome;
  const verdict = intervention !== undefined ? 'block' : suppressed !== undefined ? 'detect' : 'pass';
  if (!traffic.wants(verdict)) return;
  const by = (intervention ?? suppressed)?.rule.id;
  const rules = findings
    .filter(({ rule, points }) => points > 0 || rule.id === by)
    .map(({ rule, fields }) => ({ id: rule.id, fields }));
  traffic.record(x, { ...sent, verdict, score: score.inbound, rules });
}
