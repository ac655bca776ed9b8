// Runs exchanges through the fast engine and the slow one and says where they differ.
import type { Finding, Outcome } from '../../../src/waf/finding.ts';
import type { RuleSet } from '../../../src/waf/rule.ts';
import { Oracle } from './oracle.ts';
import type { Tester } from './oracle-test.ts';
import { done, engineOf, exchange, optionsOf, type Runner, type Sent, type Settings } from './support.ts';

/** All that can be learned of an exchange, to be compared; lines in their order. */
export interface Account {
  readonly lines: readonly (readonly string[])[];
  readonly [fact: string]: unknown;
}

function account(outcome: Outcome, hasMacro: ReadonlySet<number>): Account {
  return {
    lines: outcome.findings.map((finding) => line(finding, hasMacro)),
    intervention: done(outcome.intervention),
    suppressed: done(outcome.suppressed),
    score: outcome.score,
    threshold: outcome.threshold,
    auditLog: outcome.auditLog,
  };
}

function line(
  { rule, target, value, matched, msg, data }: Finding,
  hasMacro: ReadonlySet<number>,
): readonly string[] {
  // What is shown as matched is found again afterwards: an argument with macros may have become another by then.
  return [String(rule.id), target, value, hasMacro.has(rule.id) ? '' : matched, msg, data];
}

/** What both engines say of each exchange, in turn: the second exchange meets what the first has left behind. */
export function both(
  ruleSet: RuleSet,
  sent: readonly Sent[],
  settings: Settings,
  test: Tester,
): { readonly fast: Account[]; readonly slow: Account[] } {
  const engine = engineOf(ruleSet, settings);
  const oracle = new Oracle(ruleSet, optionsOf(settings), settings.seeds ?? {}, test);
  const hasMacro = new Set(
    ruleSet.items.flatMap((item) =>
      item.kind === 'rule' && item.links[0]?.operator.argument.includes('%{') === true ? [item.id] : [],
    ),
  );
  const run = (runner: Runner, one: Sent): Account => account(exchange(runner, one), hasMacro);
  return {
    fast: sent.map((one) => run(engine.begin(), one)),
    slow: sent.map((one) => run(oracle.begin(), one)),
  };
}
