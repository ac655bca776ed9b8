// Exceptions against a compiled rule set: which rules each takes away, and from what. The plan itself stays as it is and
// can be shared by sites with different exceptions; an exchange begins with those that hold for it.
import type { ExceptionConfig, RuleReference } from '../config/model/waf.ts';
import { targetsOf } from './exception-fields.ts';
import type { Exemption, RemovedTarget } from './exemption.ts';
import type { Plan } from './plan.ts';
import type { Rule } from './rule.ts';
import { compileSelector } from './target.ts';
import { variableNumber } from './variables.ts';

type Excepted = Pick<ExceptionConfig, 'rules' | 'fields'>;

/** A test for the rules that a list of references means, whatever their role. */
export function compileReferences(references: readonly RuleReference[]): (rule: Rule) => boolean {
  const tests = references.map((reference): ((rule: Rule) => boolean) => {
    if ('from' in reference) return ({ id }) => id >= reference.from && id <= reference.to;
    const isMeant = tagTest(reference.tag);
    return ({ tags }) => tags.some(isMeant);
  });
  return (rule) => tests.some((test) => test(rule));
}

/** The whole tag without regard to case; `xss` means `attack-xss` too, as the Core Rule Set calls it, and `*` anything. */
function tagTest(name: string): (tag: string) => boolean {
  const pattern = name
    .split('*')
    .map((part) => part.replace(/[^\w]/g, '\\$&'))
    .join('.*');
  const form = new RegExp(`^(?:attack-)?${pattern}$`, 'is');
  return (tag) => form.test(tag);
}

/** One exception as it acts on the steps of a plan. */
export interface CompiledException {
  /** By step: 1 for the rules that it means. Rules that decide or steer are never among them. */
  readonly steps: Uint8Array;
  /** undefined: the rules do not run at all. */
  readonly targets: readonly Omit<RemovedTarget, 'steps' | 'exception'>[] | undefined;
}

/** The fields must be known. */
export function compileException(exception: Excepted, { steps, roles }: Plan): CompiledException {
  const isMeant = compileReferences(exception.rules);
  const mask = Uint8Array.from(steps, ({ rule }) => (isMeant(rule) && roles.of(rule) === 'detects' ? 1 : 0));
  if (exception.fields.length === 0) return { steps: mask, targets: undefined };
  const targets = exception.fields.flatMap((field) => targetsOf(field) ?? []);
  return {
    steps: mask,
    targets: targets.map(({ variable, selector }) => ({
      variable: variableNumber(variable),
      selects: compileSelector(selector),
    })),
  };
}

/** All that hold for an exchange together, by their numbers. */
export function exemptionOf(all: readonly CompiledException[], numbers: readonly number[]): Exemption {
  let rules: Uint16Array | undefined;
  const targets: RemovedTarget[] = [];
  for (const number of numbers) {
    const { steps, targets: own } = all[number] as CompiledException;
    if (own !== undefined) {
      for (const target of own) targets.push({ ...target, steps, exception: number });
      continue;
    }
    rules ??= new Uint16Array(steps.length);
    for (let step = 0; step < steps.length; step++)
      if (steps[step] === 1 && rules[step] === 0) rules[step] = number + 1;
  }
  return { rules, targets };
}
