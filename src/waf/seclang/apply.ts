// One directive to what it adds to the assembly: the table of all directives, except Include, which belongs to loading.

import { didYouMean } from '../../config/suggest.ts';
import type { RuleSelector } from '../rule.ts';
import { readActions } from './actions.ts';
import type { Assembly } from './assembly.ts';
import { sourceOf } from './assembly.ts';
import type { Directive } from './directives.ts';
import { argumentValue } from './directives.ts';
import { governedDirectives } from './governed.ts';
import { always, readOperator } from './operator.ts';
import { lua, refusedDirectives, remedy } from './refused.ts';
import { readRuleSelector } from './rule-selector.ts';
import { settingReaders } from './settings.ts';
import { lowerCase } from './span.ts';
import { readTargets } from './targets.ts';

interface Kind {
  readonly least: number;
  readonly most: number;
  readonly apply: (directive: Directive, assembly: Assembly) => void;
}

const many = Number.POSITIVE_INFINITY;

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['secrule', { least: 2, most: 3, apply: addRule }],
  ['secaction', { least: 1, most: 1, apply: addAction }],
  ['secrulescript', { least: 1, most: 2, apply: refuseScript }],
  ['secmarker', { least: 1, most: 1, apply: addMarker }],
  ['secdefaultaction', { least: 1, most: 1, apply: setDefaults }],
  ['seccomponentsignature', { least: 1, most: 1, apply: addComponent }],
  ['secruleremovebyid', { least: 1, most: many, apply: removal('id') }],
  ['secruleremovebytag', { least: 1, most: many, apply: removal('tag') }],
  ['secruleremovebymsg', { least: 1, most: many, apply: removal('msg') }],
  ['secruleupdatetargetbyid', { least: 2, most: 3, apply: targetUpdate('id') }],
  ['secruleupdatetargetbytag', { least: 2, most: 3, apply: targetUpdate('tag') }],
  ['secruleupdatetargetbymsg', { least: 2, most: 3, apply: targetUpdate('msg') }],
  ['secruleupdateactionbyid', { least: 2, most: 2, apply: updateActions }],
  ['seccookieformat', { least: 1, most: 1, apply: checkCookieFormat }],
]);

/** What a default action cannot say, because it is about one rule. */
const notInDefaults: ReadonlySet<string> = new Set(
  'accuracy chain id logdata maturity msg rev severity skip skipafter ver'.split(' '),
);
const notInUpdates: ReadonlySet<string> = new Set(['chain', 'id', 'phase']);

/** Applies one directive; whatever is wrong with it is noted, and nothing of it is skipped in silence. */
export function applyDirective(directive: Directive, assembly: Assembly): void {
  const { name, key, args } = directive;
  const { faults } = assembly.reading;
  const kind = kinds.get(key);
  const setting = settingReaders.get(key);
  const [first, ...rest] = args;
  if (kind !== undefined) {
    if (args.length >= kind.least && args.length <= kind.most) kind.apply(directive, assembly);
    else faults.add(name, 'seclang-syntax', wrongCount(directive, kind));
  } else if (setting !== undefined) {
    if (first === undefined) faults.add(name, 'seclang-syntax', `${name.text} needs a value`);
    else setting([argumentValue(first), ...rest.map(argumentValue)], assembly.settings, faults);
  } else if (key === 'secresponsebodymimetypesclear') delete assembly.settings.responseBodyMimeTypes;
  else if (Object.hasOwn(governedDirectives, key)) {
    faults.note(name, 'governed-elsewhere', `${name.text} has no effect: governed by ${governedDirectives[key]}`);
  } else addUnknown(directive, assembly);
}

function wrongCount({ name, args }: Directive, { least, most }: Kind): string {
  const range = most === many ? `at least ${least}` : least === most ? `${least}` : `${least} to ${most}`;
  return `${name.text} takes ${range} arguments, and here are ${args.length}; texts with blanks stand in quotes`;
}

function addUnknown({ name, key, args }: Directive, { reading: { faults } }: Assembly): void {
  const refused = Object.hasOwn(refusedDirectives, key) ? refusedDirectives[key] : undefined;
  if (refused !== undefined) {
    if (refused.off !== true || lowerCase(args[0]?.text ?? '') !== 'off') {
      faults.add(name, 'not-available', `${name.text} is not available: ${refused.reason}`);
    }
  } else if (name.text.startsWith('<')) {
    faults.add(name, 'not-available', 'sections of an Apache configuration are not rules; take the line out');
  } else {
    const all = [...kinds.keys(), ...settingReaders.keys(), 'include', 'includeoptional'];
    faults.add(name, 'unknown-directive', `there is no directive ${name.text}${didYouMean(key, all)}`);
  }
}

function addRule({ name, args: [list, test, actions] }: Directive, assembly: Assembly): void {
  if (list === undefined || test === undefined) return;
  const { reading } = assembly;
  const { targets, exclusions } = readTargets(list, '|', reading);
  if (targets.length === 0 && exclusions.length > 0) {
    reading.faults.add(list, 'bad-value', 'only exclusions stand here, so there is nothing to look at');
  }
  assembly.addLink({
    at: name,
    source: sourceOf(name),
    targets,
    exclusions,
    operator: readOperator(argumentValue(test), reading) ?? always,
    actions: actions === undefined ? [] : readActions(actions, reading),
  });
}

function addAction({ name, args: [list] }: Directive, assembly: Assembly): void {
  if (list === undefined) return;
  const actions = readActions(list, assembly.reading);
  assembly.addLink({ at: name, source: sourceOf(name), targets: [], exclusions: [], operator: always, actions });
}

/** It is refused, but stands for a rule or a link: the rule can be taken out, and the chain it ends is not open. */
function refuseScript({ name, args: [, list] }: Directive, assembly: Assembly): void {
  const { reading } = assembly;
  reading.faults.add(name, 'not-available', `${name.text} is not available: ${lua}; ${remedy}`);
  if (list === undefined && !assembly.isInChain) return;
  const actions = list === undefined ? [] : readActions(list, reading);
  assembly.addLink({ at: name, source: sourceOf(name), targets: [], exclusions: [], operator: always, actions });
}

function addMarker({ name, args: [label] }: Directive, assembly: Assembly): void {
  if (label !== undefined) assembly.addMarker(argumentValue(label), name);
}

function setDefaults({ name, args: [list] }: Directive, assembly: Assembly): void {
  if (list === undefined) return;
  const { faults } = assembly.reading;
  const actions = readActions(list, assembly.reading);
  for (const action of actions) {
    if (notInDefaults.has(action.name)) faults.add(action.at, 'bad-value', `${action.name} cannot be a default action`);
  }
  const phase = actions.findLast(({ fields }) => fields.phase !== undefined)?.fields.phase;
  const chosen = actions.findLast(({ fields }) => fields.disruptive !== undefined)?.fields.disruptive?.action;
  if (phase === undefined) faults.add(name, 'bad-value', 'a default action says for which phase it is: phase:2');
  else if (chosen === undefined || chosen === 'block') {
    faults.add(name, 'bad-value', 'a default action says what block does: pass, deny, drop, allow or redirect');
  } else {
    const kept = actions.filter(({ fields }) => fields.phase === undefined);
    assembly.setDefaults(phase, kept);
  }
}

function addComponent({ args: [text] }: Directive, { components }: Assembly): void {
  if (text !== undefined) components.push(argumentValue(text).text);
}

/** Several arguments are as many removals. */
function removal(by: RuleSelector['by']): Kind['apply'] {
  return ({ args }, assembly) => {
    for (const arg of args) {
      const rules = readRuleSelector(by, argumentValue(arg), assembly.reading);
      if (rules !== undefined) assembly.addUpdate({ kind: 'remove', at: arg, rules });
    }
  };
}

function targetUpdate(by: RuleSelector['by']): Kind['apply'] {
  return ({ name, args: [which, list, old] }, assembly) => {
    if (which === undefined || list === undefined) return;
    const { reading } = assembly;
    const rules = readRuleSelector(by, argumentValue(which), reading);
    const { targets, exclusions } = readTargets(list, '|,', reading);
    const replaced = old === undefined ? undefined : readTargets(old, '|,', reading).targets[0];
    if (old !== undefined && replaced === undefined) {
      reading.faults.add(old, 'bad-value', 'here stands the one target that is replaced');
    } else if (rules !== undefined) {
      const update = { kind: 'targets', at: name, rules, targets, exclusions } as const;
      assembly.addUpdate(replaced === undefined ? update : { ...update, replaced });
    }
  };
}

/** `12345` means a rule or the head of a chain, `12345:1` the second link of the chain. */
function updateActions({ args: [which, list] }: Directive, assembly: Assembly): void {
  if (which === undefined || list === undefined) return;
  const { reading } = assembly;
  const actions = readActions(list, reading);
  const [, id, link = '0'] = /^\s*(\d{1,15})(?::(\d{1,4}))?\s*$/.exec(which.text) ?? [];
  if (id === undefined) reading.faults.add(which, 'bad-value', 'here stands one id, or id:link for a link of a chain');
  else {
    for (const { name, at } of actions) {
      if (notInUpdates.has(name))
        reading.faults.add(at, 'bad-value', `${name} of a rule cannot be changed from outside`);
    }
    assembly.addUpdate({ kind: 'actions', at: which, id: Number(id), link: Number(link), actions });
  }
}

/** Version 0 is how cookies are read; version 1 would want quotes and attributes of RFC 2965. */
function checkCookieFormat({ name, args: [version] }: Directive, { reading: { faults } }: Assembly): void {
  if (version?.text === '0') faults.note(name, 'governed-elsewhere', `${name.text} 0 is how cookies are always read`);
  else
    faults.add(
      version ?? name,
      'not-available',
      'cookies of version 1 (RFC 2965) are not available; browsers never send them',
    );
}
