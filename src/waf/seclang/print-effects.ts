// The smaller pieces of printed SecLang: quotes, targets, and what a matching rule does.

import type { Control, Effect, Exclusion, RuleSelector } from '../rule.ts';

/** One argument of a directive in double quotes. */
export function printArgument(text: string): string {
  return `"${escaped(text, '"')}"`;
}

/** The value of an action in single quotes. */
export function printValue(text: string): string {
  return `'${escaped(text, "'")}'`;
}

/** `ARGS`, `ARGS:id`, `ARGS:/^id/`: what is looked at or left out, without its mark. */
export function printExclusion({ variable, selector }: Exclusion): string {
  if (selector === undefined) return variable;
  if (selector.kind === 'pattern') return `${variable}:/${escaped(selector.pattern, '/')}/`;
  const needsQuotes = /[|,'\s]/.test(selector.name);
  return `${variable}:${needsQuotes ? printValue(selector.name) : selector.name}`;
}

/** One action with its value. */
export function printEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'setvar':
      return `setvar:${printValue(printSetVar(effect))}`;
    case 'expirevar':
      return `expirevar:${printValue(`${effect.collection}.${effect.name}=${effect.seconds}`)}`;
    case 'initcol':
      return `initcol:${printValue(`${effect.collection}=${effect.key}`)}`;
    case 'setenv':
      return `setenv:${printValue(`${effect.name}=${effect.value}`)}`;
    case 'ctl':
      return `ctl:${printValue(printControl(effect.control))}`;
  }
}

function printSetVar({ collection, name, change, value }: Extract<Effect, { kind: 'setvar' }>): string {
  const place = `${collection}.${name}`;
  switch (change) {
    case 'unset':
      return `!${place}`;
    case 'add':
      return `${place}=+${value}`;
    case 'subtract':
      return `${place}=-${value}`;
    case 'set':
      return `${place}=${value}`;
  }
}

function printControl(control: Control): string {
  switch (control.option) {
    case 'auditLogParts':
      return `auditLogParts=${{ add: '+', remove: '-', set: '' }[control.change]}${control.parts}`;
    case 'ruleRemove':
      return `ruleRemove${printRuleSelector(control.rules)}`;
    case 'ruleRemoveTarget':
      return `ruleRemoveTarget${printRuleSelector(control.rules)};${printExclusion(control.target)}`;
    default:
      return `${control.option}=${typeof control.value === 'boolean' ? (control.value ? 'On' : 'Off') : control.value}`;
  }
}

function printRuleSelector(rules: RuleSelector): string {
  if (rules.by !== 'id') return `${rules.by === 'tag' ? 'ByTag' : 'ByMsg'}=${rules.pattern}`;
  const ids = rules.ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
  return `ById=${ids.join(',')}`;
}

/** A backslash before each quote; a backslash that is there keeps the byte behind it. */
function escaped(text: string, quote: string): string {
  return text.replace(/\\[\s\S]|["'/]/g, (found) => (found === quote ? `\\${quote}` : found));
}
