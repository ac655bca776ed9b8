// A rule as read to a rule as it is meant: default actions, `block`, `t:none` and the defaults of logging worked in.

import type { Disruptive, Effect, Link, Rule } from '../rule.ts';
import type { Action, Choice, Fields } from './actions.ts';
import type { LinkDraft, RuleDraft } from './assembly.ts';

/** All that a list of actions says together: the last word of each field, and the fields that add up. */
interface Sum extends Omit<Fields, 'tag' | 'transform' | 'effects'> {
  readonly tags: readonly string[];
  readonly transforms: readonly string[];
  readonly effects: readonly Effect[];
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Completes a rule (ModSecurity reference manual: SecDefaultAction, block, t, status). Without a default action a phase
 * has `log,auditlog,pass`. The transformations of a default come before those of every link.
 */
export function finishRule(draft: RuleDraft): Rule {
  const defaults = sum(draft.defaults);
  const [headDraft, ...rest] = draft.links;
  if (headDraft === undefined) throw new Error('a rule has at least one link');
  const head = sum([...draft.defaults, ...headDraft.actions]);
  const own = sum(draft.defaults.filter(({ fields }) => fields.transform !== undefined));
  const links = [
    finishLink(headDraft, head),
    ...rest.map((link) => finishLink(link, sum(link.actions, own.transforms))),
  ];
  const chosen = head.disruptive?.action === 'block' ? defaults.disruptive : head.disruptive;
  return {
    kind: 'rule',
    id: draft.id,
    phase: draft.phase,
    source: headDraft.source,
    links,
    disruptive: finishDisruptive(chosen, head.status),
    log: head.log ?? true,
    auditLog: head.auditLog ?? true,
    tags: head.tags,
    skip: head.skip ?? 0,
    ...present(head, ['severity', 'ver', 'rev', 'maturity', 'accuracy', 'skipAfter']),
  };
}

function sum(actions: readonly Action[], before: readonly string[] = []): Sum {
  const tags: string[] = [];
  const effects: Effect[] = [];
  let transforms: string[] = [...before];
  const last: Omit<Fields, 'tag' | 'transform' | 'effects'> = {};
  for (const { fields } of actions) {
    const { tag, transform, effects: made, ...rest } = fields;
    Object.assign(last, rest);
    if (tag !== undefined) tags.push(tag);
    for (const effect of made ?? []) effects.push(effect);
    if (transform === 'none') transforms = [];
    else if (transform !== undefined) transforms.push(transform);
  }
  return { ...last, tags, transforms, effects };
}

function finishLink({ source, targets, exclusions, operator }: LinkDraft, said: Sum): Link {
  return {
    source,
    targets,
    exclusions,
    operator,
    transforms: said.transforms,
    multiMatch: said.multiMatch ?? false,
    capture: said.capture ?? false,
    effects: said.effects,
    ...present(said, ['msg', 'logdata']),
  };
}

function finishDisruptive(chosen: Choice | undefined, status: number | undefined): Disruptive {
  switch (chosen?.action) {
    case 'deny':
      return { action: 'deny', status: status ?? 403 };
    case 'redirect':
      return { ...chosen, status: status !== undefined && redirectStatuses.has(status) ? status : 302 };
    case 'drop':
      return { action: 'drop' };
    case 'allow':
      return chosen;
    default:
      return { action: 'pass' };
  }
}

/** The fields of those names that are there: an absent field stays absent instead of undefined. */
function present<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  const found: Partial<T> = {};
  for (const name of names) if (from[name] !== undefined) found[name] = from[name];
  return found as Pick<T, K>;
}
