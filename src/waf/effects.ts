// What a matching rule does besides disrupting: write variables, open collections, change the engine for this exchange.

import { captureNumber } from './captures.ts';
import { expand } from './expand.ts';
import { parseTemplate, plainText } from './macro.ts';
import type { Control, Effect, RuleSelector } from './rule.ts';
import { compileSelector } from './target.ts';
import type { Transaction } from './transaction.ts';
import { integerOf, type SlotTable } from './tx-store.ts';
import { variableNumber } from './variables.ts';

export type Run = (tx: Transaction) => void;
/** The rules that a removal names, by step. */
export type SelectSteps = (rules: RuleSelector) => Uint8Array;

export interface EffectContext {
  readonly selectSteps: SelectSteps;
  readonly slots: SlotTable;
}

export function compileEffect(effect: Effect, { selectSteps, slots }: EffectContext): Run {
  switch (effect.kind) {
    case 'setvar':
      return inSlot(effect, slots) ?? setVariable(effect);
    case 'expirevar': {
      const name = parseTemplate(effect.name);
      const seconds = parseTemplate(effect.seconds);
      return (tx) => tx.collections.expire(effect.collection, expand(name, tx).toLowerCase(), expand(seconds, tx));
    }
    case 'initcol': {
      const key = parseTemplate(effect.key);
      return (tx) => tx.collections.open(effect.collection, expand(key, tx));
    }
    case 'setenv': {
      const value = parseTemplate(effect.value);
      return (tx) => {
        tx.env ??= new Map();
        tx.env.set(effect.name, expand(value, tx));
      };
    }
    case 'ctl':
      return control(effect.control, selectSteps);
  }
}

/** The common case, a score in TX that grows by a number: straight into its slot. */
function inSlot({ collection, name, change, value }: Effect & { kind: 'setvar' }, slots: SlotTable): Run | undefined {
  if (collection !== 'tx' || change !== 'add' || !/^\d{1,9}$/.test(value)) return undefined;
  if (name.includes('%{') || captureNumber(name) !== undefined) return undefined;
  const slot = slots.slot(name);
  const step = Number(value);
  return ({ tx }) => {
    tx.values[slot] = integerOf(tx.values[slot]) + step;
  };
}

function setVariable({ collection, name, change, value }: Effect & { kind: 'setvar' }): Run {
  const nameTemplate = parseTemplate(name);
  const valueTemplate = parseTemplate(value);
  const fixedName = plainText(nameTemplate);
  const nameOf =
    fixedName === undefined ? (tx: Transaction) => expand(nameTemplate, tx).toLowerCase() : () => fixedName;
  switch (change) {
    case 'unset':
      return (tx) => tx.setVariable(collection, nameOf(tx), undefined);
    case 'set': {
      const fixed = plainText(valueTemplate);
      if (fixed !== undefined) return (tx) => tx.setVariable(collection, nameOf(tx), fixed);
      return (tx) => tx.setVariable(collection, nameOf(tx), expand(valueTemplate, tx));
    }
    case 'add':
    case 'subtract': {
      const sign = change === 'add' ? 1 : -1;
      return (tx) => {
        const key = nameOf(tx);
        const before = integerOf(tx.getVariable(collection, key));
        tx.setVariable(collection, key, before + sign * integerOf(expand(valueTemplate, tx)));
      };
    }
  }
}

function control(change: Control, selectSteps: SelectSteps): Run {
  switch (change.option) {
    case 'ruleEngine':
      return (tx) => {
        // A rule may make the engine milder than its operator said, never stricter.
        if (change.value !== 'on') tx.mode = tx.mode === 'off' ? 'off' : change.value;
      };
    case 'auditEngine':
      return (tx) => {
        tx.auditLog = change.value !== 'off';
      };
    case 'auditLogParts':
      return (tx) => {
        tx.auditParts = changeParts(tx.auditParts, change.change, change.parts);
      };
    case 'requestBodyAccess':
      return (tx) => {
        tx.requestBodyAccess = change.value;
      };
    case 'responseBodyAccess':
      return (tx) => {
        tx.responseBodyAccess = change.value;
      };
    case 'forceRequestBodyVariable':
      return (tx) => {
        tx.forceRequestBody = change.value;
      };
    case 'requestBodyProcessor':
      return (tx) => {
        tx.setBodyProcessor(change.value);
      };
    case 'ruleRemove': {
      const steps = selectSteps(change.rules);
      return (tx) => {
        const all = tx.removed === undefined ? new Uint8Array(steps.length) : tx.removed;
        for (let i = 0; i < steps.length; i++) all[i] = (all[i] as number) | (steps[i] as number);
        tx.removed = all;
      };
    }
    case 'ruleRemoveTarget': {
      const steps = selectSteps(change.rules);
      const removed = {
        steps,
        variable: variableNumber(change.target.variable),
        selects: compileSelector(change.target.selector),
      };
      return (tx) => {
        tx.removedTargets = [...tx.removedTargets, removed];
      };
    }
  }
}

function changeParts(before: string, change: 'add' | 'remove' | 'set', parts: string): string {
  if (change === 'set') return parts;
  const rest = Array.from(before, (part) => (parts.includes(part) ? '' : part)).join('');
  return change === 'add' ? rest + parts : rest;
}
