// From rules as they are written to a plan that can run. All that can be decided before a request comes is decided here.
import { compileEffect, type Run, type SelectSteps } from './effects.ts';
import { FEEDS } from './feeds.ts';
import { Field, NO_FIELDS } from './field.ts';
import { foldRules, type PlannedRule } from './fold.ts';
import { parseTemplate } from './macro.ts';
import { compileMatcher } from './matcher.ts';
import { CollectionStore } from './persistent.ts';
import type { Plan } from './plan.ts';
import type { Link, Rule, RuleSelector, RuleSet } from './rule.ts';
import { ScanTable } from './scan-table.ts';
import { compileRuleSelector } from './selection.ts';
import type { CompiledLink, Step } from './step.ts';
import { compileTarget, isGiven, readVariable } from './target.ts';
import { transform } from './transforms/registry.ts';
import { SlotTable, type TxValue } from './tx-store.ts';
import { VARIABLES, variableKind, variableNumber } from './variables.ts';

/** `seeds`: what TX holds before the first rule, from the operator's configuration. The rules must have been checked. */
export function compilePlan(ruleSet: RuleSet, seeds: ReadonlyMap<string, TxValue>): Plan {
  const folded = foldRules(ruleSet, seeds);
  const planned = folded.phases.flat();
  const selectSteps: SelectSteps = (selector: RuleSelector) => {
    const selects = compileRuleSelector(selector);
    return Uint8Array.from(planned, ({ rule }) => (selects(rule) ? 1 : 0));
  };
  const phaseStart = [0];
  for (const phase of folded.phases) phaseStart.push((phaseStart.at(-1) as number) + phase.length);
  const steps = planned.map((item, number) =>
    compileStep(item, number, nextStep(item, planned, phaseStart), selectSteps),
  );

  const slots = new SlotTable();
  for (const name of namesOf(ruleSet)) slots.slot(name);
  for (const name of folded.initial.keys()) slots.slot(name);
  const scans = new ScanTable(steps);
  const flags = Uint8Array.from(steps, (step) => (step.links[0]?.isScanned === true ? 0 : 1));
  return {
    steps,
    phaseStart,
    ruleCount: ruleSet.items.filter(({ kind }) => kind === 'rule').length,
    settings: ruleSet.settings,
    slots,
    initialTx: slots.names.map((name) => folded.initial.get(name)),
    members: VARIABLES.map((name, variable) => initialMembers(name, variable, scans, flags)),
    flags,
    feeds: FEEDS,
    reads: new Set(planned.flatMap(({ rule }) => variablesOf(rule))),
    scans,
    collections: new CollectionStore(ruleSet.settings.collectionTimeoutS),
    scan: (variable, key, value) => scans.scan(variable, key, value),
    read: readVariable,
  };
}

/** A variable that is not a collection is always there, empty until somebody sets it. */
function initialMembers(name: string, variable: number, scans: ScanTable, flags: Uint8Array): readonly Field[] {
  if (variableKind(name) !== 'single') return NO_FIELDS;
  const field = new Field('', '', '');
  field.hits = scans.scan(variable, '', '');
  for (const step of field.hits) flags[step] = 1;
  return [field];
}

function nextStep(item: PlannedRule, planned: readonly PlannedRule[], phaseStart: readonly number[]): number {
  const start = phaseStart[item.rule.phase - 1] as number;
  const end = phaseStart[item.rule.phase] as number;
  for (let number = start; number < end; number++) {
    if ((planned[number] as PlannedRule).order > item.resumeAfter) return number;
  }
  return end;
}

function compileStep({ rule }: PlannedRule, number: number, next: number, selectSteps: SelectSteps): Step {
  const links = rule.links.map((link, i) => compileLink(link, i === 0, selectSteps));
  return { number, rule, links, logs: rule.log, next };
}

function compileLink(link: Link, isHead: boolean, selectSteps: SelectSteps): CompiledLink {
  const matcher = compileMatcher(link.operator);
  const isScanned =
    isHead &&
    matcher.scan !== undefined &&
    link.targets.length > 0 &&
    link.targets.every(({ variable, count }) => !count && isGiven(variable));
  return {
    targets: link.targets.map((target) => compileTarget(target, link.exclusions)),
    matcher,
    transforms: link.transforms.flatMap((name) => transform(name) ?? []),
    multiMatch: link.multiMatch,
    capture: link.capture,
    isScanned,
    effects: link.effects.map((effect): Run => compileEffect(effect, selectSteps)),
    msg: link.msg === undefined ? undefined : parseTemplate(link.msg),
    logdata: link.logdata === undefined ? undefined : parseTemplate(link.logdata),
  };
}

function variablesOf(rule: Rule): number[] {
  const targets = rule.links.flatMap((link) => link.targets.map(({ variable }) => variable));
  const texts = JSON.stringify(rule.links).matchAll(/%\{([a-z_]+)/gi);
  return [...targets, ...Array.from(texts, ([, name]) => String(name).toUpperCase())]
    .filter((name) => variableKind(name) !== undefined)
    .map((name) => variableNumber(name));
}

/** All names in TX that the rules speak of. */
function* namesOf(ruleSet: RuleSet): Iterable<string> {
  for (const item of ruleSet.items) {
    if (item.kind === 'marker') continue;
    for (const { targets, effects } of item.links) {
      for (const { variable, selector } of targets) {
        if (variable === 'TX' && selector?.kind === 'name') yield selector.name;
      }
      for (const effect of effects) {
        if (effect.kind === 'setvar' && effect.collection === 'tx' && !effect.name.includes('%{')) yield effect.name;
      }
    }
  }
}
