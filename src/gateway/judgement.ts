// What rules made of an exchange, in short: was it stopped, and which rules are the reason?
import type { Finding, Outcome } from '../waf/finding.ts';
import type { ChangedRule } from './change-groups.ts';

export interface Judgement {
  /** Stopped, or in detection mode marked as what would be. */
  readonly isStopped: boolean;
  readonly score: number;
  /** The rules that scored, or stopped it by themselves. */
  readonly rules: readonly ChangedRule[];
}

export function judgement({ intervention, suppressed, findings, score }: Outcome): Judgement {
  const ending = intervention ?? suppressed;
  const reasons = findings.filter(({ rule, points }) => points > 0 || (rule === ending?.rule && isOwnReason(rule)));
  return {
    isStopped: ending !== undefined,
    score: score.inbound,
    rules: reasons.map(({ rule, fields }) => ({ id: rule.id, msg: messageOf(rule), fields })),
  };
}

/** It looked at the exchange, and not only at the score. */
function isOwnReason({ links }: Finding['rule']): boolean {
  return links.some(({ targets }) => targets.some(({ variable }) => variable !== 'TX'));
}

function messageOf({ links }: Finding['rule']): string {
  return links.findLast(({ msg }) => msg !== undefined)?.msg ?? '';
}
