// From rules as they are written to a plan that can run. All that can be decided before a request comes is decided here.

import { captureNumber } from './captures.ts';
import { decisiveCaptures } from './decisive.ts';
import { earlySteps } from './early.ts';
import { compileEffect, type Run, type SelectSteps } from './effects.ts';
import { FEEDS, INNER } from './feeds.ts';
import { Field, NO_FIELDS } from './field.ts';
import { foldRules, type PlannedRule } from './fold.ts';
import { parseTemplate } from './macro.ts';
import { compileMatcher } from './matcher.ts';
import type { Matcher } from './matching.ts';
import { CollectionStore } from './persistent.ts';
import type { Plan } from './plan.ts';
import type { Effect, Link, Rule, RuleSelector, RuleSet } from './rule.ts';
import { rolesOf } from './rule-role.ts';
import { ScanTable } from './scan-table.ts';
import { compileRuleSelector } from './selection.ts';
import type { CompiledLink, Step } from './step.ts';
import { compileTarget, isCapture, isGiven, readVariable } from './target.ts';
import { transform } from './transforms/registry.ts';
import { integerOf, SlotTable, type TxValue } from './tx-store.ts';
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
  const slots = new SlotTable();
  for (const name of namesOf(ruleSet)) slots.slot(name);
  for (const name of folded.initial.keys()) slots.slot(name);
  const excuses = integerOf(seeds.get('blocking_paranoia_level') ?? 1) <= 1;
  const isDecisive = decisiveCaptures(planned.map(({ rule }) => rule));
  const steps = planned.map((item, number) =>
    compileStep(item, number, nextStep(item, planned, phaseStart), { selectSteps, slots, excuses, isDecisive }),
  );
  const roles = rolesOf(planned.map(({ rule }) => rule));
  const scans = new ScanTable(steps);
  const flags = Uint8Array.from(steps, (step) => (step.scanned === undefined ? 1 : 0));
  const reads = new Set(planned.flatMap(({ rule }) => variablesOf(rule)));
  return {
    steps,
    phaseStart,
    ruleCount: ruleSet.items.filter(({ kind }) => kind === 'rule').length,
    settings: ruleSet.settings,
    slots,
    roles,
    early: earlySteps(planned, steps),
    scoreSlots: [...roles.scores].map((name) => slots.slot(name)),
    initialTx: slots.names.map((name) => folded.initial.get(name)),
    members: VARIABLES.map((name, variable) => initialMembers(name, variable, scans, flags)),
    flags,
    feeds: FEEDS,
    inner: INNER.map((inner) => (reads.has(inner) ? inner : -1)),
    reads,
    scans,
    collections: new CollectionStore(ruleSet.settings.collectionTimeoutS),
    scan: (variable, field) => scans.scan(variable, field),
    scanInParts: (variable, field, readings) => scans.scanInParts(variable, field, readings),
    walked: () => scans.walked,
    read: readVariable,
  };
}

/** What a variable holds before anybody sets it, where that is not nothing. */
const INITIAL: Readonly<Record<string, string>> = {
  INBOUND_DATA_ERROR: '0',
  // The version whose language is spoken here, as rules test it: two digits for each part of 3.0.9, then the build.
  MODSEC_BUILD: '030009100',
  OUTBOUND_DATA_ERROR: '0',
  REQBODY_ERROR: '0',
  REQBODY_PROCESSOR_ERROR: '0',
  URLENCODED_ERROR: '0',
};

/** A variable that is not a collection is always there, empty until somebody sets it. */
function initialMembers(name: string, variable: number, scans: ScanTable, flags: Uint8Array): readonly Field[] {
  if (variableKind(name) !== 'single') return NO_FIELDS;
  const field = new Field('', INITIAL[name] ?? '');
  field.hits = scans.scan(variable, field);
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

function compileStep({ rule }: PlannedRule, number: number, next: number, context: Context): Step {
  const links = rule.links.map((link, i) => compileLink(link, context, context.isDecisive(rule, i)));
  return { number, rule, links, scanned: scannedLink(rule, links), logs: rule.log, next };
}

/**
 * A rule matches only if each of its links does, so one link that can be scanned decides whether it has to run. What
 * the links before that one do or catch must not be lost, though. The last such link says no most often.
 */
function scannedLink(rule: Rule, links: readonly CompiledLink[]): number | undefined {
  let found: number | undefined;
  for (const [i, link] of rule.links.entries()) {
    if (canScan(link, links[i] as CompiledLink)) found = i;
    if (link.effects.length > 0 || link.capture) break;
  }
  return found;
}

function canScan(link: Link, { matcher }: CompiledLink): boolean {
  const isOfGivenValues = link.targets.every(({ variable, count }) => !count && isGiven(variable));
  return matcher.scan !== undefined && link.targets.length > 0 && isOfGivenValues;
}

interface Context {
  readonly selectSteps: SelectSteps;
  readonly slots: SlotTable;
  /** Whether a text is excused for what it is (`unless`): whoever asks for more than the lowest paranoia wants that judged, too. */
  readonly excuses: boolean;
  readonly isDecisive: (rule: Rule, link: number) => boolean;
}

function compileLink(link: Link, context: Context, isDecisive: boolean): CompiledLink {
  const matcher = compileMatcher(link.operator);
  return {
    targets: link.targets.map((target) => compileTarget(target, link.exclusions)),
    matcher,
    unless: link.unless === undefined || !context.excuses ? undefined : compileMatcher(link.unless),
    transforms: link.transforms.flatMap((name) => transform(name) ?? []),
    multiMatch: link.multiMatch,
    capture: link.capture,
    isDecisive,
    catchesLate: canCatchLate(link, matcher),
    precheck: precheck(link, context.slots),
    effects: link.effects.map((effect): Run => compileEffect(effect, context)),
    msg: link.msg === undefined ? undefined : parseTemplate(link.msg),
    logdata: link.logdata === undefined ? undefined : parseTemplate(link.logdata),
  };
}

/** What was caught can be read between two values: by a target, a macro of the operator, an effect. */
function canCatchLate({ targets, effects }: Link, { scan }: Matcher): boolean {
  return scan !== undefined && targets.every(({ variable }) => isGiven(variable)) && effects.every(isBlind);
}

/** Whether an effect is the same whatever was caught, and leaves that alone. */
function isBlind(effect: Effect): boolean {
  if (effect.kind !== 'setvar' || effect.collection !== 'tx') return false;
  return !`${effect.name}${effect.value}`.includes('%{') && captureNumber(effect.name) === undefined;
}

const COMPARISONS: Readonly<Record<string, (value: number, argument: number) => boolean>> = {
  eq: (value, argument) => value === argument,
  ge: (value, argument) => value >= argument,
  gt: (value, argument) => value > argument,
  le: (value, argument) => value <= argument,
  lt: (value, argument) => value < argument,
};

/** Scores and switches are numbers in TX that are compared with a number, for every exchange: no text is made for that. */
function precheck({ targets, operator: call, transforms }: Link, slots: SlotTable): CompiledLink['precheck'] {
  const compare = COMPARISONS[call.name];
  const [target] = targets;
  if (compare === undefined || target === undefined || targets.length > 1 || transforms.length > 0) return undefined;
  if (target.variable !== 'TX' || target.selector?.kind !== 'name' || target.count || isCapture(target))
    return undefined;
  if (!/^\d{1,9}$/.test(call.argument)) return undefined;
  const slot = slots.slot(target.selector.name);
  const argument = Number(call.argument);
  return ({ tx }) => {
    const value = tx.values[slot];
    return value !== undefined && compare(integerOf(value), argument) !== call.negated;
  };
}

function variablesOf(rule: Rule): number[] {
  const targets = rule.links.flatMap((link) => link.targets.map(({ variable }) => variable));
  const texts = JSON.stringify([rule.links, rule.disruptive]).matchAll(/%\{([a-z_]+)/gi);
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
