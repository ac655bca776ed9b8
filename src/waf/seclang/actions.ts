// One action of a rule to what it says about the rule: a table of names, with a reader each.

import { didYouMean } from '../../config/suggest.ts';
import type { Disruptive, Effect, Phase } from '../rule.ts';
import type { ActionItem } from './action-list.ts';
import { splitActions } from './action-list.ts';
import { readControls } from './control.ts';
import { readExpireVar, readInitCollection, readKey, readSetEnv, readSetVar } from './effects.ts';
import type { Reading } from './known.ts';
import { refusedActions, remedy } from './refused.ts';
import type { Span } from './span.ts';
import { lowerCase } from './span.ts';

/** What one action says. The last word counts, except for tags, transformations and effects, which add up. */
export interface Fields {
  readonly id?: number;
  readonly phase?: Phase;
  readonly disruptive?: Choice;
  readonly status?: number;
  readonly log?: boolean;
  readonly auditLog?: boolean;
  readonly severity?: number;
  readonly ver?: string;
  readonly rev?: string;
  readonly maturity?: number;
  readonly accuracy?: number;
  readonly skip?: number;
  readonly skipAfter?: string;
  readonly msg?: string;
  readonly logdata?: string;
  readonly chain?: true;
  readonly capture?: true;
  readonly multiMatch?: true;
  readonly tag?: string;
  /** `none` takes away all that came before. */
  readonly transform?: string;
  readonly effects?: readonly Effect[];
}

/** A disruptive action as written: `block` stands for the default, and a status comes as an action of its own. */
export type Choice =
  | { readonly action: 'pass' | 'block' | 'deny' | 'drop' }
  | { readonly action: 'redirect'; readonly location: string }
  | Extract<Disruptive, { action: 'allow' }>;

export interface Action {
  /** Lower case. */
  readonly name: string;
  readonly at: Span;
  readonly fields: Fields;
}

type Reader = (value: Span, reading: Reading) => Fields | undefined;

interface Kind {
  readonly value: 'none' | 'needed' | 'allowed';
  readonly read: Reader;
}

const severities: readonly string[] = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];
const phases: ReadonlyMap<string, Phase> = new Map([
  ['1', 1],
  ['2', 2],
  ['3', 3],
  ['4', 4],
  ['5', 5],
  ['request', 2],
  ['response', 4],
  ['logging', 5],
]);
const allowScopes: ReadonlyMap<string, 'all' | 'phase' | 'request'> = new Map([
  ['', 'all'],
  ['phase', 'phase'],
  ['request', 'request'],
]);
const maxId = Number.MAX_SAFE_INTEGER;
const maxSkip = 100_000;

const masked = 'what is secret in the audit records is masked as the configuration says';
const maskers: readonly string[] = ['arg', 'matched', 'matchedbytes', 'requestheader', 'responseheader'];

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['id', number('id', 1, maxId)],
  ['phase', { value: 'needed', read: readPhase }],
  ['pass', flag({ disruptive: { action: 'pass' } })],
  ['block', flag({ disruptive: { action: 'block' } })],
  ['deny', flag({ disruptive: { action: 'deny' } })],
  ['drop', flag({ disruptive: { action: 'drop' } })],
  ['allow', { value: 'allowed', read: readAllow }],
  ['redirect', { value: 'needed', read: ({ text }) => ({ disruptive: { action: 'redirect', location: text } }) }],
  ['status', number('status', 100, 599)],
  ['log', flag({ log: true, auditLog: true })],
  ['nolog', flag({ log: false, auditLog: false })],
  ['auditlog', flag({ auditLog: true })],
  ['noauditlog', flag({ auditLog: false })],
  ['severity', { value: 'needed', read: readSeverity }],
  ['msg', { value: 'needed', read: ({ text }) => ({ msg: text }) }],
  ['logdata', { value: 'needed', read: ({ text }) => ({ logdata: text }) }],
  ['tag', { value: 'needed', read: ({ text }) => ({ tag: text }) }],
  ['ver', { value: 'needed', read: ({ text }) => ({ ver: text }) }],
  ['rev', { value: 'needed', read: ({ text }) => ({ rev: text }) }],
  ['maturity', number('maturity', 0, 9)],
  ['accuracy', number('accuracy', 0, 9)],
  ['skip', number('skip', 1, maxSkip)],
  ['skipafter', { value: 'needed', read: ({ text }) => ({ skipAfter: text }) }],
  ['chain', flag({ chain: true })],
  ['capture', flag({ capture: true })],
  ['multimatch', flag({ multiMatch: true })],
  ['t', { value: 'needed', read: readTransform }],
  ['setvar', effect((value, { faults }) => readSetVar(value, faults))],
  ['expirevar', effect((value, { faults }) => readExpireVar(value, faults))],
  ['initcol', effect((value, { faults }) => readInitCollection(value, faults))],
  ['setsid', effect((value, { faults }) => readKey('session', value, faults))],
  ['setuid', effect((value, { faults }) => readKey('user', value, faults))],
  ['setrsc', effect((value, { faults }) => readKey('resource', value, faults))],
  ['setenv', effect((value, { faults }) => readSetEnv(value, faults))],
  ['ctl', { value: 'needed', read: readControl }],
  ['xmlns', ineffective('xmlns has no effect: the two XPath expressions that exist name no namespace')],
  ...maskers.flatMap((what): [string, Kind][] => [
    [`sanitise${what}`, ineffective(`sanitise actions have no effect: ${masked}`)],
    [`sanitize${what}`, ineffective(`sanitise actions have no effect: ${masked}`)],
  ]),
]);

/** Reads a list of actions. What cannot be used is left out, and the fault is noted. */
export function readActions(list: Span, reading: Reading): Action[] {
  const actions: Action[] = [];
  for (const item of splitActions(list, reading.faults)) {
    const fields = readAction(item, reading);
    if (fields !== undefined) actions.push({ name: item.name, at: item.at, fields });
  }
  return actions;
}

function readAction({ name, at, value }: ActionItem, reading: Reading): Fields | undefined {
  const { faults } = reading;
  const kind = kinds.get(name);
  if (kind === undefined) {
    const reason = Object.hasOwn(refusedActions, name) ? refusedActions[name] : undefined;
    if (reason !== undefined)
      faults.add(at, 'not-available', `the action ${name} is not available: ${reason}; ${remedy}`);
    else faults.add(at, 'unknown-action', `there is no action ${at.text}${didYouMean(name, kinds.keys())}`);
    return undefined;
  }
  if (kind.value === 'none' && value !== undefined) faults.add(value, 'bad-value', `the action ${name} takes no value`);
  else if (kind.value === 'needed' && (value === undefined || value.text === '')) {
    faults.add(value ?? at, 'bad-value', `the action ${name} needs a value: ${name}:...`);
  } else return kind.read(value ?? { ...at, text: '' }, reading);
  return undefined;
}

function flag(fields: Fields): Kind {
  return { value: 'none', read: () => fields };
}

function number(field: 'id' | 'status' | 'maturity' | 'accuracy' | 'skip', least: number, most: number): Kind {
  const read: Reader = (value, { faults }) => {
    const given = /^\d{1,16}$/.test(value.text) ? Number(value.text) : Number.NaN;
    if (given >= least && given <= most) return { [field]: given };
    faults.add(value, 'bad-value', `"${value.text}" is no ${field}: write a number from ${least} to ${most}`);
    return undefined;
  };
  return { value: 'needed', read };
}

function effect(read: (value: Span, reading: Reading) => Effect | undefined): Kind {
  return {
    value: 'needed',
    read: (value, reading) => {
      const made = read(value, reading);
      return made === undefined ? undefined : { effects: [made] };
    },
  };
}

function ineffective(message: string): Kind {
  return {
    value: 'needed',
    read: (value, { faults }) => {
      faults.note(value, 'no-effect', message);
      return undefined;
    },
  };
}

function readPhase(value: Span, { faults }: Reading): Fields | undefined {
  const phase = phases.get(lowerCase(value.text));
  if (phase !== undefined) return { phase };
  faults.add(value, 'bad-value', `"${value.text}" is no phase: write 1 to 5, request, response or logging`);
  return undefined;
}

function readAllow(value: Span, { faults }: Reading): Fields | undefined {
  const scope = allowScopes.get(lowerCase(value.text));
  if (scope !== undefined) return { disruptive: { action: 'allow', scope } };
  faults.add(value, 'bad-value', 'write allow, allow:phase or allow:request');
  return undefined;
}

function readSeverity(value: Span, { faults }: Reading): Fields | undefined {
  const severity = /^[0-7]$/.test(value.text) ? Number(value.text) : severities.indexOf(lowerCase(value.text));
  if (severity >= 0) return { severity };
  faults.add(
    value,
    'bad-value',
    `"${value.text}" is no severity${didYouMean(value.text, severities)}: write 0 to 7 or a name`,
  );
  return undefined;
}

function readTransform(value: Span, { faults, known }: Reading): Fields | undefined {
  const transform = lowerCase(value.text);
  if (transform === 'none' || known.transforms.has(transform)) return { transform };
  const suggestion = didYouMean(transform, known.transforms.keys());
  faults.add(value, 'unknown-transformation', `there is no transformation ${value.text}${suggestion}`);
  return undefined;
}

function readControl(value: Span, reading: Reading): Fields | undefined {
  const effects = readControls(value, reading).map((control): Effect => ({ kind: 'ctl', control }));
  return effects.length === 0 ? undefined : { effects };
}
