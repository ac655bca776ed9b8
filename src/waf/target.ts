// What a rule looks at, resolved: from `ARGS:/^id/` to a function that reads the values of a transaction.

import { captureNumber } from './captures.ts';
import { Field, NO_FIELDS } from './field.ts';
import { patternOf } from './pattern-store.ts';
import type { Exclusion, Selector, Target, WritableCollection } from './rule.ts';
import type { Transaction } from './transaction.ts';
import type { TxValue } from './tx-store.ts';
import { VARIABLES, variableKind, variableNumber } from './variables.ts';

/** Names of which a selector remembers whether it takes them. */
const MAX_KNOWN_NAMES = 1_000;

export type Selects = (key: string) => boolean;

export interface CompiledTarget {
  readonly variable: number;
  /** `ARGS`, `&ARGS`: what stands before the member's name in messages. */
  readonly label: string;
  /** Members that the selector takes; exclusions are not worked in. */
  read(tx: Transaction): readonly Field[];
  /** undefined: nothing is excluded. */
  readonly excludes: Selects | undefined;
  /** The selector, for whoever plans the scan; undefined: every member. */
  readonly selects: Selects | undefined;
}

/** Throws PatternError for a selector that is no pattern. */
export function compileTarget(target: Target, exclusions: readonly Exclusion[]): CompiledTarget {
  const { variable, selector, count } = target;
  const selects = compileSelector(selector);
  const read = reader(variable, selector, selects);
  const excludes = exclusionsOf(variable, exclusions);
  return {
    variable: variableNumber(variable),
    label: count ? `&${variable}` : variable,
    read: count ? countReader(read, selector) : read,
    excludes: count ? undefined : excludes,
    selects,
  };
}

/** Names are compared without regard to case. undefined: everything. */
export function compileSelector(selector: Selector | undefined): Selects | undefined {
  if (selector === undefined) return undefined;
  if (selector.kind === 'name') {
    const { name } = selector;
    return (key) => key === name;
  }
  const pattern = patternOf(`(?i)${selector.pattern}`);
  const known = new Map<string, boolean>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= MAX_KNOWN_NAMES) known.clear();
    const isSelected = pattern.test(key);
    known.set(key, isSelected);
    return isSelected;
  };
}

function exclusionsOf(variable: string, exclusions: readonly Exclusion[]): Selects | undefined {
  const own = exclusions.filter((exclusion) => exclusion.variable === variable);
  if (own.length === 0) return undefined;
  const all = own.map(({ selector }) => compileSelector(selector));
  return (key) => all.some((selects) => selects === undefined || selects(key));
}

/** The fields of a variable, for macros. */
export function readVariable(variable: number, tx: Transaction): readonly Field[] {
  const name = VARIABLES[variable] as string;
  return (COMPUTED[name] ?? memberReader(variable))(tx);
}

type Reader = (tx: Transaction) => readonly Field[];

function countReader(read: Reader, selector: Selector | undefined): Reader {
  const name = selector?.kind === 'name' ? selector.name : '';
  return (tx) => [new Field(name, String(read(tx).length))];
}

function reader(variable: string, selector: Selector | undefined, selects: Selects | undefined): Reader {
  const kind = variableKind(variable);
  if (kind === 'tx') return writtenReader('tx', selector, selects);
  if (kind === 'persistent') return writtenReader(variable.toLowerCase() as WritableCollection, selector, selects);
  const read = COMPUTED[variable] ?? memberReader(variableNumber(variable));
  return selects === undefined ? read : (tx) => read(tx).filter((field) => selects(field.key));
}

function memberReader(variable: number): Reader {
  return (tx) => tx.members[variable] as readonly Field[];
}

function writtenReader(
  collection: WritableCollection,
  selector: Selector | undefined,
  selects: Selects | undefined,
): Reader {
  if (selector?.kind === 'name') {
    const { name } = selector;
    return (tx) => {
      const value = tx.getVariable(collection, name);
      return value === undefined ? NO_FIELDS : [new Field(name, String(value))];
    };
  }
  const everything = selects ?? (() => true);
  const selectedSlots = collection === 'tx' ? slotSelector(everything) : undefined;
  return (tx) => {
    const fields: Field[] = [];
    const add = (name: string, value: TxValue): void => {
      fields.push(new Field(name, String(value)));
    };
    if (selectedSlots !== undefined) tx.tx.forEach(selectedSlots(tx), everything, add);
    else tx.collections.forEach(collection, (name, value) => everything(name) && add(name, value));
    return fields;
  };
}

/** The slots of TX whose names are selected: the same for all exchanges of a plan. */
function slotSelector(selects: Selects): (tx: Transaction) => readonly number[] {
  const known = new WeakMap<object, readonly number[]>();
  return ({ plan: { slots } }) => {
    let selected = known.get(slots);
    if (selected === undefined) {
      selected = slots.names.flatMap((name, slot) => (selects(name) ? [slot] : []));
      known.set(slots, selected);
    }
    return selected;
  };
}

const single = (value: string | number): readonly Field[] => [new Field('', String(value))];

/** Variables whose value is made when somebody asks. */
const COMPUTED: Readonly<Record<string, Reader>> = {
  MATCHED_VAR: (tx) => single(tx.lastMatched?.value ?? ''),
  MATCHED_VAR_NAME: (tx) => single(tx.lastMatched?.label ?? ''),
  MATCHED_VARS: (tx) => tx.matched.map(({ label, value }) => new Field(label, value)),
  MATCHED_VARS_NAMES: (tx) => tx.matched.map(({ label }) => new Field(label, label)),
  ENV: (tx) => [...(tx.env ?? [])].map(([name, value]) => new Field(name, value)),
  RULE: (tx) => ruleFacts(tx),
  HIGHEST_SEVERITY: (tx) => single(tx.highestSeverity),
  DURATION: (tx) => single(Date.now() - tx.startedAt),
  TIME: (tx) => single(clock(tx).toTimeString().slice(0, 8)),
  TIME_DAY: (tx) => single(clock(tx).getDate()),
  TIME_EPOCH: (tx) => single(Math.floor(tx.startedAt / 1000)),
  TIME_HOUR: (tx) => single(clock(tx).getHours()),
  TIME_MIN: (tx) => single(clock(tx).getMinutes()),
  TIME_MON: (tx) => single(clock(tx).getMonth()),
  TIME_SEC: (tx) => single(clock(tx).getSeconds()),
  TIME_WDAY: (tx) => single(clock(tx).getDay()),
  TIME_YEAR: (tx) => single(clock(tx).getFullYear()),
};

/** Whether a variable's values are those that a transaction was given, and so can be scanned when they come. */
export function isGiven(variable: string): boolean {
  const kind = variableKind(variable);
  return kind !== 'tx' && kind !== 'persistent' && COMPUTED[variable] === undefined;
}

function clock(tx: Transaction): Date {
  return new Date(tx.startedAt);
}

function ruleFacts(tx: Transaction): Field[] {
  const rule = tx.rule;
  if (rule === undefined) return [];
  const facts = { id: rule.id, rev: rule.rev, severity: rule.severity, msg: rule.links[0]?.msg };
  return Object.entries(facts).flatMap(([name, value]) =>
    value === undefined ? [] : [new Field(name, String(value))],
  );
}

/** The member that a number stands for in TX belongs to the last pattern and to no rule's `setvar`. */
export function isCapture(target: Target): boolean {
  return (
    target.variable === 'TX' && target.selector?.kind === 'name' && captureNumber(target.selector.name) !== undefined
  );
}
