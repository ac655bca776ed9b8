// `ctl:option=value`: what a rule changes for the rest of one exchange.

import { didYouMean } from '../../config/suggest.ts';
import type { BodyProcessor, Control, EngineMode, RuleSelector } from '../rule.ts';
import type { Reading } from './known.ts';
import { refusedControls, remedy } from './refused.ts';
import { readRuleSelector } from './rule-selector.ts';
import type { Span } from './span.ts';
import { lowerCase, part, trimmed } from './span.ts';
import { readTargets } from './targets.ts';

/** Reads the value of one option; undefined: the value cannot be used, and the fault is noted. */
type ReadControl = (value: Span, reading: Reading) => Control[] | undefined;

/** What `ruleEngine` can be set to. */
export const engineModes: ReadonlyMap<string, EngineMode> = new Map([
  ['on', 'on'],
  ['off', 'off'],
  ['detectiononly', 'detectionOnly'],
]);

/** What `auditEngine` can be set to. */
export const auditModes: ReadonlyMap<string, 'on' | 'off' | 'relevantOnly'> = new Map([
  ['on', 'on'],
  ['off', 'off'],
  ['relevantonly', 'relevantOnly'],
]);

/** On and Off. */
export const switches: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['off', false],
]);

const bodyProcessors: ReadonlyMap<string, BodyProcessor> = new Map([
  ['urlencoded', 'URLENCODED'],
  ['multipart', 'MULTIPART'],
  ['json', 'JSON'],
  ['xml', 'XML'],
]);

const controls: ReadonlyMap<string, ReadControl> = new Map<string, ReadControl>([
  ['ruleengine', choice(engineModes, (value) => ({ option: 'ruleEngine', value }))],
  ['auditengine', choice(auditModes, (value) => ({ option: 'auditEngine', value }))],
  ['auditlogparts', readAuditParts],
  ['requestbodyaccess', choice(switches, (value) => ({ option: 'requestBodyAccess', value }))],
  ['responsebodyaccess', choice(switches, (value) => ({ option: 'responseBodyAccess', value }))],
  ['forcerequestbodyvariable', choice(switches, (value) => ({ option: 'forceRequestBodyVariable', value }))],
  ['requestbodyprocessor', choice(bodyProcessors, (value) => ({ option: 'requestBodyProcessor', value }))],
  ['ruleremovebyid', removal('id')],
  ['ruleremovebytag', removal('tag')],
  ['ruleremovebymsg', removal('msg')],
  ['ruleremovetargetbyid', targetRemoval('id')],
  ['ruleremovetargetbytag', targetRemoval('tag')],
  ['ruleremovetargetbymsg', targetRemoval('msg')],
  ['debugloglevel', noteDebugLevel],
]);

/** Reads `option=value`. Empty: a fault or a notice was noted, or nothing is to be changed. */
export function readControls(written: Span, reading: Reading): readonly Control[] {
  const equals = written.text.indexOf('=');
  const option = trimmed(equals < 0 ? written : part(written, 0, equals));
  const name = lowerCase(option.text);
  const read = controls.get(name);
  if (read !== undefined)
    return read(trimmed(part(written, equals < 0 ? written.text.length : equals + 1)), reading) ?? [];
  const reason = Object.hasOwn(refusedControls, name) ? refusedControls[name] : undefined;
  if (reason !== undefined)
    reading.faults.add(option, 'not-available', `ctl:${option.text} is not available: ${reason}; ${remedy}`);
  else {
    const suggestion = didYouMean(name, controls.keys());
    reading.faults.add(option, 'unknown-control', `ctl has no option ${option.text}${suggestion}`);
  }
  return [];
}

/** The word that stands for one of a few values; undefined: none of them, and the fault is noted. */
export function readChoice<T>(
  value: Span,
  choices: ReadonlyMap<string, T>,
  { faults }: Pick<Reading, 'faults'>,
): T | undefined {
  const word = lowerCase(value.text);
  const chosen = choices.get(word);
  if (chosen === undefined) {
    faults.add(value, 'bad-value', `"${value.text}" is none of ${[...choices.keys()].join(', ')}`);
  }
  return chosen;
}

function choice<T>(choices: ReadonlyMap<string, T>, make: (value: T) => Control): ReadControl {
  return (value, reading) => {
    const chosen = readChoice(value, choices, reading);
    return chosen === undefined ? undefined : [make(chosen)];
  };
}

/** `+E` adds, `-E` takes away, `ABIJ` sets. */
function readAuditParts(value: Span, { faults }: Reading): Control[] | undefined {
  const [, sign = '', parts = ''] = /^([+-]?)([A-Za-z]+)$/.exec(value.text) ?? [];
  if (parts === '') {
    faults.add(
      value,
      'bad-value',
      'parts of the audit record are letters, with + or - before them to add or take away',
    );
    return undefined;
  }
  const change = sign === '+' ? 'add' : sign === '-' ? 'remove' : 'set';
  return [{ option: 'auditLogParts', change, parts: parts.toUpperCase() }];
}

function removal(by: RuleSelector['by']): ReadControl {
  return (value, reading) => {
    const rules = readRuleSelector(by, value, reading);
    return rules === undefined ? undefined : [{ option: 'ruleRemove', rules }];
  };
}

/** `942100;ARGS:text`: several targets (separated by commas or bars) are as many removals. */
function targetRemoval(by: RuleSelector['by']): ReadControl {
  return (value, reading) => {
    const semicolon = value.text.indexOf(';');
    if (semicolon < 0) {
      reading.faults.add(value, 'bad-value', 'say which target: the rules, a semicolon, then the target');
      return undefined;
    }
    const rules = readRuleSelector(by, part(value, 0, semicolon), reading);
    const list = part(value, semicolon + 1);
    const { targets, exclusions } = readTargets(list, '|,', reading, true);
    if (exclusions.length > 0 || targets.some(({ count }) => count)) {
      reading.faults.add(list, 'bad-value', 'a target that is removed is written without ! and &');
      return undefined;
    }
    if (rules === undefined) return undefined;
    return targets.map(({ variable, selector }) => {
      const target = selector === undefined ? { variable } : { variable, selector };
      return { option: 'ruleRemoveTarget', rules, target };
    });
  };
}

function noteDebugLevel(value: Span, { faults }: Reading): undefined {
  faults.note(
    value,
    'governed-elsewhere',
    'ctl:debugLogLevel has no effect: the log level is set in the configuration',
  );
}
