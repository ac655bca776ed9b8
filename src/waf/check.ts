// Tries every rule before anything runs: what cannot be compiled is a fault of the rule file, with its place.
import type { Problem } from '../base/errors.ts';
import { parseTemplate, plainText } from './macro.ts';
import { compileMatcher } from './matcher.ts';
import { operator, operatorNames } from './operators/registry.ts';
import { PatternError } from './pattern/pattern-error.ts';
import { patternOf } from './pattern-store.ts';
import type { Link, Rule, RuleSet } from './rule.ts';
import type { Known } from './seclang/known.ts';
import { compileTarget } from './target.ts';
import { transformNames } from './transforms/registry.ts';

/** Operators that the engine itself brings, beside those of the registry. */
const OWN_OPERATORS = ['rx', 'pm', 'pmf', 'pmfromfile', 'detectsqli', 'detectxss'];

/** What a rule file may name. */
export const KNOWN: Known = {
  operators: new Set([...OWN_OPERATORS, ...operatorNames()]),
  transforms: new Set(transformNames()),
  checkPattern: (text) => faultOf(() => patternOf(text)),
};

/** Every rule that cannot be compiled. */
export function checkRules(ruleSet: Pick<RuleSet, 'items'>): Problem[] {
  return ruleSet.items.flatMap((item) =>
    item.kind === 'rule' ? item.links.flatMap((link) => checkLink(item, link)) : [],
  );
}

function checkLink(rule: Rule, link: Link): Problem[] {
  const fault = faultOf(() => {
    for (const target of link.targets) compileTarget(target, link.exclusions);
    compileMatcher(link.operator);
    checkMacros(link);
  });
  if (fault === undefined) return [];
  const message = `rule ${rule.id}, @${link.operator.name}: ${fault}`;
  return [{ file: link.source.file, line: link.source.line, column: 0, code: 'rule-invalid', message }];
}

function checkMacros({ operator: call }: Link): void {
  if (plainText(parseTemplate(call.argument)) !== undefined || operator(call.name)?.macros !== false) return;
  throw new Error('its argument cannot hold macros');
}

function faultOf(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return `${error.message} (at character ${error.offset + 1} of the pattern)`;
    return (error as Error).message;
  }
}
