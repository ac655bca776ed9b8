// Exceptions against the rules that are loaded, before any request comes: what cannot be meant is a fault, and what does
// nothing, any more or at all, is told.
import type { Problem } from '../base/errors.ts';
import type { ExceptionConfig } from '../config/model/waf.ts';
import { formatFieldPath } from '../config/syntax/field-path.ts';
import { formatRuleReference } from '../config/syntax/rule-reference.ts';
import { targetsOf } from '../waf/exception-fields.ts';
import { compileReferences } from '../waf/exceptions.ts';
import type { Rule, RuleSet } from '../waf/rule.ts';
import { type Roles, rolesOf } from '../waf/rule-role.ts';
import { tellExpiry } from './exception-expiry.ts';

export interface Checked {
  readonly problems: readonly Problem[];
  readonly notices: readonly Problem[];
}

export function checkExceptions(exceptions: readonly ExceptionConfig[], ruleSet: RuleSet, now: number): Checked {
  if (exceptions.length === 0) return { problems: [], notices: [] };
  const rules = ruleSet.items.filter((item) => item.kind === 'rule');
  const roles = rolesOf(rules);
  const problems = exceptions.flatMap((exception) => [
    ...exception.fields
      .filter((field) => targetsOf(field) === undefined)
      .map((field) => tell(exception, 'unknown-field', `there is no field ${formatFieldPath(field)}`)),
    ...exception.rules.flatMap((reference) => {
      if (!('from' in reference) || reference.from !== reference.to) return [];
      const rule = rules.find(({ id }) => id === reference.from);
      return rule === undefined ? [] : refuse(exception, rule, roles);
    }),
  ]);
  const notices = exceptions.flatMap((exception) => [
    ...exception.rules
      .filter((reference) => !rules.some(compileReferences([reference])))
      .map((reference) =>
        tell(exception, 'exception-unmatched', `no loaded rule is meant by ${formatRuleReference(reference)}`),
      ),
    ...tellExpiry(exception, now),
  ]);
  return { problems, notices };
}

/** Named by its number, such a rule was meant to be switched off; in a range or with a tag it is passed over. */
function refuse(exception: ExceptionConfig, rule: Rule, roles: Roles): Problem[] {
  const role = roles.of(rule);
  if (role === 'detects') return [];
  const what =
    role === 'decides'
      ? 'decides on the score of all rules: without it nothing would be blocked any more. Except the rules that scored, or change threshold or mode'
      : 'steers which rules run and finds nothing by itself. Except the rules that scored';
  return [tell(exception, 'exception-refused', `rule ${rule.id} cannot be excepted: it ${what}`)];
}

function tell({ place }: ExceptionConfig, code: string, message: string): Problem {
  return { ...place, code, message };
}
