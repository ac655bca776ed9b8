// Anomaly scores under the names that CRS gives them, in its version 4 and in version 3.
import type { Score } from './finding.ts';
import { integerOf, type TxStore, type TxValue } from './tx-store.ts';

/** What the operator sets for a rule set that scores; rules that set it themselves win. */
export interface Scoring {
  readonly paranoia: number;
  readonly detectionParanoia: number;
  readonly threshold: Score;
}

/** Variables that TX begins with. */
export function seedsOf({ paranoia, detectionParanoia, threshold }: Scoring): ReadonlyMap<string, TxValue> {
  const detection = Math.max(paranoia, detectionParanoia);
  return new Map<string, TxValue>([
    ['blocking_paranoia_level', paranoia],
    ['detection_paranoia_level', detection],
    ['paranoia_level', paranoia],
    ['executing_paranoia_level', detection],
    ['inbound_anomaly_score_threshold', threshold.inbound],
    ['outbound_anomaly_score_threshold', threshold.outbound],
  ]);
}

export function scoreOf(tx: TxStore): Score {
  return {
    inbound: first(tx, 'blocking_inbound_anomaly_score', 'anomaly_score'),
    outbound: first(tx, 'blocking_outbound_anomaly_score', 'outbound_anomaly_score'),
  };
}

export function thresholdOf(tx: TxStore): Score {
  return {
    inbound: integerOf(tx.get('inbound_anomaly_score_threshold')),
    outbound: integerOf(tx.get('outbound_anomaly_score_threshold')),
  };
}

function first(tx: TxStore, ...names: readonly string[]): number {
  for (const name of names) {
    const value = tx.get(name);
    if (value !== undefined) return integerOf(value);
  }
  return 0;
}
