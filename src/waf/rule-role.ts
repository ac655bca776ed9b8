// What a rule is there for. Some find something in a request; others add up what was found and decide, or steer which
// rules run. An exception of those would not spare a field but switch the protection off, so they cannot be excepted.
import { parseTemplate } from './macro.ts';
import type { Link, Rule } from './rule.ts';
import { isCapture } from './target.ts';

/** detects: looks at the exchange. decides: at the score. steers: at settings, or at nothing. */
export type Role = 'detects' | 'decides' | 'steers';

export interface Roles {
  of(rule: Rule): Role;
  /** Names in TX to which rules that detect something add, and by which the others decide. */
  readonly scores: ReadonlySet<string>;
}

export function rolesOf(rules: readonly Rule[]): Roles {
  const totals = totalsOf(rules);
  const of = (rule: Rule): Role => {
    if (rule.links.some(looksAtExchange)) return isIdle(rule) ? 'steers' : 'detects';
    if (isDecisive(rule) || readsAny(rule, totals)) return 'decides';
    // Looks at what other rules noted, and speaks of it: a finding of its own.
    return rule.log && rule.links.some((link) => link.targets.length > 0) ? 'detects' : 'steers';
  };
  const detecting = rules.filter((rule) => of(rule) === 'detects');
  const added = new Set(detecting.flatMap((rule) => rule.links.flatMap(addedNames)));
  return { of, scores: new Set([...totals].filter((name) => added.has(name))) };
}

function looksAtExchange({ targets }: Link): boolean {
  return targets.some((target) => target.variable !== 'TX' || isCapture(target));
}

/** Neither says nor does nor notes anything: it switches something of the engine. */
function isIdle({ log, disruptive, links }: Rule): boolean {
  return (
    !log && disruptive.action === 'pass' && !links.some(({ effects }) => effects.some(({ kind }) => kind === 'setvar'))
  );
}

function isDecisive({ disruptive, links }: Rule): boolean {
  const ends = disruptive.action === 'deny' || disruptive.action === 'drop' || disruptive.action === 'redirect';
  return ends && links.some(({ targets }) => targets.length > 0) && !links.some(looksAtExchange);
}

/** The names that decisive rules test, and those whose values are added into them. */
function totalsOf(rules: readonly Rule[]): Set<string> {
  // What nothing is ever added to is a setting: a threshold, a level, the weight of a severity.
  const sums = new Set(rules.flatMap((rule) => rule.links.flatMap(addedNames)));
  const tested = rules.filter(isDecisive).flatMap((rule) => rule.links.flatMap(testedNames));
  const totals = new Set(tested.filter((name) => sums.has(name)));
  for (let before = -1; before !== totals.size; ) {
    before = totals.size;
    for (const { links } of rules) {
      for (const effect of links.flatMap(({ effects }) => effects)) {
        if (effect.kind !== 'setvar' || effect.collection !== 'tx' || !totals.has(effect.name)) continue;
        for (const name of readNames(effect.value)) if (sums.has(name)) totals.add(name);
      }
    }
  }
  return totals;
}

function readsAny({ links }: Rule, totals: ReadonlySet<string>): boolean {
  const texts = links.flatMap(({ effects, msg = '', logdata = '' }) => [
    msg,
    logdata,
    ...effects.flatMap((effect) => (effect.kind === 'setvar' ? [effect.value] : [])),
  ]);
  const names = [...links.flatMap(testedNames), ...texts.flatMap(readNames)];
  return names.some((name) => totals.has(name));
}

function testedNames({ targets }: Link): string[] {
  return targets.flatMap(({ selector }) => (selector?.kind === 'name' ? [selector.name] : []));
}

function readNames(text: string): string[] {
  if (!text.includes('%{')) return [];
  return parseTemplate(text).flatMap((piece) =>
    typeof piece !== 'string' && piece.variable === 'TX' && piece.key !== undefined ? [piece.key] : [],
  );
}

function addedNames({ effects }: Link): string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'setvar' && effect.collection === 'tx' && effect.change === 'add' ? [effect.name] : [],
  );
}
