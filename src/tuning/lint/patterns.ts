// The patterns of a rule set, each once.
import type { Rule, RuleSet } from '../../waf/rule.ts';
import { findWitness, type Witness } from './backtracking.ts';
import type { LintFinding } from './finding.ts';

export function lintPatterns({ items }: RuleSet): LintFinding[] {
  const known = new Map<string, Witness | undefined>();
  return items.flatMap((item) =>
    item.kind === 'rule'
      ? item.links.flatMap(({ operator, source }) => {
          if (operator.name !== 'rx' || operator.argument.includes('%{')) return [];
          const witness = known.getOrInsertComputed(operator.argument, findWitness);
          return witness === undefined ? [] : [accuse(item, source, witness)];
        })
      : [],
  );
}

function accuse(rule: Rule, source: Rule['source'], witness: Witness): LintFinding {
  const { prefix, pump, suffix, repetitions, steps, growth } = witness;
  const shown = (text: string): string =>
    JSON.stringify(text).replace(/[\x7f-\xff]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  const length = prefix.length + repetitions * pump.length + suffix.length;
  const value = `${shown(prefix)} + ${shown(pump)} x ${repetitions} + ${shown(suffix)}`;
  const message =
    `the pattern of rule ${rule.id} takes ${growth} time in engines that backtrack: ${steps} steps for ${length} characters ` +
    `(${value}); here it is linear`;
  return { code: 'pattern-backtracks', level: 'note', ...source, message, witness: value };
}
