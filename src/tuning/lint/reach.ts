// Rules that can never say anything, whatever is sent, and sites that believe themselves guarded and are not.
import type { Link, Marker, Phase, Rule, RuleSet } from '../../waf/rule.ts';
import { rolesOf } from '../../waf/rule-role.ts';
import { variableKind } from '../../waf/variables.ts';
import type { LintFinding } from './finding.ts';

const PHASES: readonly Phase[] = [1, 2, 3, 4, 5];

/** Rules behind one that always jumps over them or always ends the exchange, and rules that look at nothing. */
export function lintReach({ items }: RuleSet): LintFinding[] {
  const unreached = PHASES.flatMap((phase) => unreachable(items, phase));
  const blind = items.flatMap((item) => (item.kind === 'rule' ? lookAtNothing(item) : []));
  return [...unreached, ...blind];
}

/** `file`: that of the configuration. `inspectsAnswers`: whether rules for answers ever run. */
export function lintLoaded({ items }: RuleSet, site: string, file: string, inspectsAnswers: boolean): LintFinding[] {
  const rules = items.filter((item) => item.kind === 'rule' && item.source.file !== 'built-in') as Rule[];
  const roles = rolesOf(rules);
  const detecting = rules.filter((rule) => roles.of(rule) === 'detects');
  if (detecting.length === 0) {
    const message = `the rules of ${site} are on, but no rule is loaded that finds anything`;
    return [{ code: 'no-rules', level: 'warning', file, line: 0, message }];
  }
  const late = detecting.filter(({ phase }) => phase === 3 || phase === 4).length;
  if (inspectsAnswers || late === 0) return [];
  const message = `${late} rules of ${site} look at answers, which are not inspected; \`response: true\` turns them on`;
  return [{ code: 'answers-unseen', level: 'note', file, line: 0, message }];
}

function unreachable(items: readonly (Rule | Marker)[], phase: Phase): LintFinding[] {
  const found: LintFinding[] = [];
  let blocker: { readonly rule: Rule; readonly until: string | undefined; left: number } | undefined;
  for (const item of items) {
    if (item.kind === 'marker') {
      if (blocker?.until === item.name) blocker = undefined;
      continue;
    }
    if (item.phase !== phase) continue;
    if (blocker !== undefined) {
      found.push(shadowed(item, blocker.rule));
      if (blocker.left > 0 && --blocker.left === 0) blocker = undefined;
      continue;
    }
    if (!item.links.every(alwaysHolds)) continue;
    const { disruptive, skip, skipAfter } = item;
    const ends = disruptive.action !== 'pass' && phase !== 5;
    if (ends) blocker = { rule: item, until: undefined, left: 0 };
    else if (skipAfter !== undefined) blocker = { rule: item, until: skipAfter, left: 0 };
    else if (skip > 0) blocker = { rule: item, until: undefined, left: skip };
  }
  return found;
}

function alwaysHolds({ targets, operator, exclusions }: Link): boolean {
  if (targets.length === 0) return true;
  const isAlways = operator.name === 'unconditionalmatch' && !operator.negated && exclusions.length === 0;
  return isAlways && targets.some(({ variable, count }) => count || variableKind(variable) === 'single');
}

function shadowed(rule: Rule, by: Rule): LintFinding {
  const where = `${by.source.file}:${by.source.line}`;
  const message = `rule ${rule.id} can never run: rule ${by.id} (${where}) always goes past it`;
  return { code: 'rule-unreachable', level: 'warning', ...rule.source, message };
}

function lookAtNothing(rule: Rule): LintFinding[] {
  const blind = rule.links.find(
    ({ targets, exclusions }) =>
      targets.length > 0 &&
      targets.every(
        ({ variable, count }) =>
          !count && exclusions.some((out) => out.variable === variable && out.selector === undefined),
      ),
  );
  const never = rule.links.find(({ operator }) => operator.name === 'nomatch' && !operator.negated);
  if (blind === undefined && never === undefined) return [];
  const why = blind === undefined ? 'its operator never holds' : 'all that it looked at was taken out of it';
  return [
    { code: 'rule-unreachable', level: 'warning', ...rule.source, message: `rule ${rule.id} can never match: ${why}` },
  ];
}
