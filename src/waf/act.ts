// What a rule that matched does about the exchange: lets it be, allows it, or ends it.
import { expand } from './expand.ts';
import type { Intervention } from './finding.ts';
import { parseTemplate } from './macro.ts';
import type { Disruptive, Phase } from './rule.ts';
import type { Step } from './step.ts';
import type { Transaction } from './transaction.ts';

/** Does what the rule says about the exchange. True: the phase ends here. */
export function act(tx: Transaction, step: Step, phase: Phase): boolean {
  const { disruptive } = step.rule;
  if (disruptive.action === 'pass') return false;
  if (disruptive.action === 'allow') {
    if (tx.mode === 'on') tx.allowedUpTo = { all: 4, request: 2, phase }[disruptive.scope];
    return tx.mode === 'on';
  }
  // Behind the exchange there is nothing left to disrupt.
  if (phase === 5) return false;
  const intervention = interventionOf(tx, step, disruptive);
  if (tx.mode !== 'on') {
    tx.suppressed ??= intervention;
    return false;
  }
  tx.intervention = intervention;
  return true;
}

function interventionOf(
  tx: Transaction,
  step: Step,
  disruptive: Exclude<Disruptive, { action: 'pass' | 'allow' }>,
): Intervention {
  const { rule } = step;
  switch (disruptive.action) {
    case 'deny':
      return { action: 'deny', status: disruptive.status, location: undefined, rule };
    case 'drop':
      return { action: 'drop', status: 403, location: undefined, rule };
    case 'redirect':
      return { action: 'redirect', status: disruptive.status, location: locationOf(tx, disruptive.location), rule };
  }
}

/** What a client sent may stand in it, so nothing that could end the field or begin another gets through. */
function locationOf(tx: Transaction, text: string): string {
  return expand(parseTemplate(text), tx).replace(UNSAFE_IN_FIELD, (char) => encodeURIComponent(char));
}

const UNSAFE_IN_FIELD = /[^\x21-\x7e]/g;
