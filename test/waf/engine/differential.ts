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

function line({ rule, target, value, matched, msg, data }: Finding, hasMacro: ReadonlySet<number>): readonly string[] {
  // What is shown as matched is found again afterwards: an argument with macros may have become another by then.
  return [String(rule.id), target, value, hasMacro.has(rule.id) ? '' : matched, msg, data];
}

export interface Pair {
  readonly fast: Account;
  readonly slow: Account;
}

/** Both engines for one rule set; what they say of an exchange. The next exchange meets what this one has left behind. */
export function compare(ruleSet: RuleSet, settings: Settings, test: Tester): (sent: Sent) => Pair {
  const engine = engineOf(ruleSet, settings);
  const oracle = new Oracle(ruleSet, optionsOf(settings), settings.seeds ?? {}, test);
  const hasMacro = new Set(
    ruleSet.items.flatMap((item) =>
      item.kind === 'rule' && item.links[0]?.operator.argument.includes('%{') === true ? [item.id] : [],
    ),
  );
  const run = (runner: Runner, sent: Sent): Account => account(exchange(runner, sent), hasMacro);
  return (sent) => ({ fast: run(engine.begin(), sent), slow: run(oracle.begin(), sent) });
}
