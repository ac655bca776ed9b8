// Every exception that holds for a site, wherever it was written: in the configuration, or in rule files as removals and
// updates (worked in at load) or as actions of rules (`ctl`, when the rule matches).
import type { ExceptionConfig, WafConfig } from '../config/model/waf.ts';
import { formatFieldPath } from '../config/syntax/field-path.ts';
import { formatRuleReference } from '../config/syntax/rule-reference.ts';
import { expiresAt } from '../gateway/exception-expiry.ts';
import { fieldOf } from '../waf/exception-fields.ts';
import { compileReferences } from '../waf/exceptions.ts';
import type { Exclusion, Rule, RuleRemoval, RuleSelector } from '../waf/rule.ts';
import { compileRuleSelector } from '../waf/selection.ts';
import type { LoadedRules } from '../waf/sources.ts';

export interface ExceptionEntry {
  /** config: of the configuration. load: worked into the rules. request: of a rule, when it matches. */
  readonly origin: 'config' | 'load' | 'request';
  readonly file: string;
  readonly line: number;
  readonly rules: string;
  /** Empty: the whole request. */
  readonly fields: readonly string[];
  readonly path: readonly string[] | undefined;
  readonly method: readonly string[] | undefined;
  /** Of one that a rule makes: which. */
  readonly when: string | undefined;
  readonly reason: string | undefined;
  readonly expires: string | undefined;
  readonly state: 'holds' | 'expired';
  /** How many loaded rules it means. */
  readonly count: number;
}

/** `wafs`: of the routes of one site. In the order of the files, the configuration's first. */
export function listExceptions(
  wafs: readonly WafConfig[],
  load: (waf: WafConfig) => LoadedRules,
  now: number = Date.now(),
): ExceptionEntry[] {
  const found = new Map<string, ExceptionEntry>();
  for (const waf of wafs) {
    const { ruleSet, removals } = load(waf);
    const rules = ruleSet.items.filter((item) => item.kind === 'rule');
    const entries = [
      ...waf.exceptions.map((exception) => ofConfig(exception, rules, now)),
      ...removals.map(ofRemoval),
      ...rules.flatMap((rule) => ofControls(rule, rules)),
    ];
    for (const entry of entries) {
      const key = `${entry.file}:${entry.line} ${entry.rules} ${entry.fields.join(' ')}`;
      if (!found.has(key)) found.set(key, entry);
    }
  }
  return [...found.values()];
}

function ofConfig(exception: ExceptionConfig, rules: readonly Rule[], now: number): ExceptionEntry {
  const { place, path, method, reason, expires } = exception;
  return {
    origin: 'config',
    file: place.file,
    line: place.line,
    rules: exception.rules.map(formatRuleReference).join(' '),
    fields: exception.fields.map(formatFieldPath),
    path,
    method,
    when: undefined,
    reason,
    expires,
    state: expiresAt(exception) <= now ? 'expired' : 'holds',
    count: rules.filter(compileReferences(exception.rules)).length,
  };
}

const NOTHING = {
  path: undefined,
  method: undefined,
  when: undefined,
  reason: undefined,
  expires: undefined,
  state: 'holds',
} as const;

function ofRemoval({ source, rules, exclusions, count }: RuleRemoval): ExceptionEntry {
  const fields = exclusions.map(fieldText);
  return { ...NOTHING, origin: 'load', ...source, rules: selectorText(rules), fields, count };
}

function ofControls(rule: Rule, rules: readonly Rule[]): ExceptionEntry[] {
  return rule.links.flatMap(({ source, effects }) =>
    effects.flatMap((effect): ExceptionEntry[] => {
      if (effect.kind !== 'ctl') return [];
      const { control } = effect;
      if (control.option !== 'ruleRemove' && control.option !== 'ruleRemoveTarget') return [];
      return [
        {
          ...NOTHING,
          origin: 'request',
          ...source,
          rules: selectorText(control.rules),
          fields: control.option === 'ruleRemove' ? [] : [fieldText(control.target)],
          when: `rule ${rule.id} matches`,
          count: rules.filter(compileRuleSelector(control.rules)).length,
        },
      ];
    }),
  );
}

function fieldText({ variable, selector }: Exclusion): string {
  if (selector?.kind === 'pattern') return `${variable}:/${selector.pattern}/`;
  return formatFieldPath(fieldOf(selector === undefined ? variable : `${variable}:${selector.name}`));
}

function selectorText(selector: RuleSelector): string {
  if (selector.by !== 'id') return `${selector.by}:${selector.pattern}`;
  return selector.ranges.map(formatRuleReference).join(' ');
}
