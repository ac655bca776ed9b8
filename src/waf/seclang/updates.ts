// Applies what rule files say about other rules: SecRuleUpdateActionById, SecRuleUpdateTargetBy*, SecRuleRemoveBy*.
// It happens once, after everything is read, so that the order of the files does not matter.

import type { Exclusion, Link, Marker, Rule, RuleRemoval, Target } from '../rule.ts';
import type { Assembly, RuleDraft, Update } from './assembly.ts';
import { sourceOf } from './assembly.ts';
import type { Faults } from './faults.ts';
import { finishRule } from './finish.ts';
import { compileRuleSelector } from './rule-selector.ts';

type Of<Kind extends Update['kind']> = Extract<Update, { kind: Kind }>;

/** All rules and markers in order, each rule complete, changed and kept as the updates say. */
export function applyUpdates({ items, updates, reading: { faults } }: Assembly): {
  readonly items: (Rule | Marker)[];
  readonly removals: RuleRemoval[];
} {
  const drafts = new Map<number, RuleDraft>();
  for (const item of items) if (item.kind === 'draft') drafts.set(item.id, item);
  for (const update of updates) if (update.kind === 'actions') appendActions(drafts.get(update.id), update, faults);
  const steps = updates.flatMap((update) => compile(update, faults));
  const complete = withRuleMarkers(items.map((item) => (item.kind === 'draft' ? finishRule(item) : item)));
  const finished = complete.flatMap((item): (Rule | Marker)[] =>
    item.kind === 'rule' ? updateRule(item, steps) : [item],
  );
  excuseRemoved(drafts, finished, faults);
  return { items: finished, removals: steps.flatMap(removalOf) };
}

/** What only adds targets takes nothing away. */
function removalOf({ update, count }: Step): RuleRemoval[] {
  const exclusions = update.kind === 'targets' ? update.exclusions : [];
  if (update.kind === 'targets' && exclusions.length === 0) return [];
  return [{ source: sourceOf(update.at), rules: update.rules, exclusions, count }];
}

interface Step {
  readonly update: Of<'remove' | 'targets'>;
  readonly isMeant: (rule: Rule) => boolean;
  /** Rules that were meant so far. */
  count: number;
}

function compile(update: Update, faults: Faults): Step[] {
  if (update.kind === 'actions') return [];
  const isMeant = compileRuleSelector(update.rules);
  if (isMeant !== undefined) return [{ update, isMeant, count: 0 }];
  faults.add(update.at, 'bad-value', 'this pattern cannot be compiled');
  return [];
}

/** The rule with all changes of its targets; none when it is removed. */
function updateRule(rule: Rule, steps: readonly Step[]): [Rule] | [] {
  let updated = rule;
  for (const step of steps) {
    const { update } = step;
    if (!step.isMeant(updated)) continue;
    step.count++;
    if (update.kind === 'remove') return [];
    updated = updateTargets(updated, update);
  }
  return [updated];
}

/** A rule that needs what Gatehouse does not have can be taken out without touching its file. */
function excuseRemoved(drafts: ReadonlyMap<number, RuleDraft>, kept: readonly (Rule | Marker)[], faults: Faults): void {
  const removed = new Map(drafts);
  for (const item of kept) if (item.kind === 'rule') removed.delete(item.id);
  faults.excuse(new Set([...removed.values()].flatMap(({ links }) => links.map(({ at }) => at.line))));
}

/** New actions come behind the rule's own, so that they have the last word; `t:none` first clears, as everywhere. */
function appendActions(rule: RuleDraft | undefined, update: Of<'actions'>, faults: Faults): void {
  const link = rule?.links[update.link];
  if (rule === undefined) return;
  if (link === undefined) {
    faults.add(update.at, 'bad-value', `the chain of rule ${update.id} has no link ${update.link}; the first one is 0`);
    return;
  }
  rule.links[update.link] = { ...link, actions: [...link.actions, ...update.actions] };
}

/** skipAfter may name a rule instead of a marker: such a rule gets a marker behind it, named by its id. */
function withRuleMarkers(items: readonly (Rule | Marker)[]): (Rule | Marker)[] {
  const wanted = new Set<string>();
  for (const item of items) if (item.kind === 'rule' && item.skipAfter !== undefined) wanted.add(item.skipAfter);
  for (const item of items) if (item.kind === 'marker') wanted.delete(item.name);
  return items.flatMap((item): (Rule | Marker)[] => {
    const name = item.kind === 'rule' ? String(item.id) : '';
    return wanted.has(name) ? [item, { kind: 'marker', name, source: item.source }] : [item];
  });
}

/**
 * Exclusions go to every link of the rule, new targets to its head only: a later link looks at something else, and would
 * otherwise begin to look at the same. A replaced target is replaced wherever it stands.
 */
function updateTargets(rule: Rule, { targets, exclusions, replaced }: Of<'targets'>): Rule {
  if (replaced !== undefined) {
    const links = rule.links.map((link) => replaceTarget(link, replaced, targets, exclusions));
    return { ...rule, links };
  }
  const links = rule.links.map((link, index): Link => {
    if (link.targets.length === 0) return link;
    const added = index === 0 ? missing(targets, link.targets) : [];
    return {
      ...link,
      targets: [...link.targets, ...added],
      exclusions: [...link.exclusions, ...missing(exclusions, link.exclusions)],
    };
  });
  return { ...rule, links };
}

function replaceTarget(
  link: Link,
  replaced: Target,
  targets: readonly Target[],
  exclusions: readonly Exclusion[],
): Link {
  const kept = link.targets.filter((target) => !isSame(target, replaced));
  if (kept.length === link.targets.length) return link;
  return {
    ...link,
    targets: [...kept, ...missing(targets, kept)],
    exclusions: [...link.exclusions, ...missing(exclusions, link.exclusions)],
  };
}

function missing<T extends Exclusion & { readonly count?: boolean }>(added: readonly T[], there: readonly T[]): T[] {
  return added.filter((one) => !there.some((other) => isSame(one, other)));
}

function isSame(a: Exclusion & { readonly count?: boolean }, b: Exclusion & { readonly count?: boolean }): boolean {
  return (
    a.variable === b.variable &&
    a.count === b.count &&
    a.selector?.kind === b.selector?.kind &&
    textOf(a.selector) === textOf(b.selector)
  );
}

function textOf(selector: Exclusion['selector']): string | undefined {
  return selector?.kind === 'pattern' ? selector.pattern : selector?.name;
}
