// Directives about the engine itself (`SecRuleEngine`, `SecRequestBodyLimit` ...) to settings.

import type { EngineSettings } from '../rule.ts';
import type { OpenSettings } from './assembly.ts';
import { auditModes, engineModes, readChoice, switches } from './control.ts';
import type { Faults } from './faults.ts';
import type { Span } from './span.ts';
import { lowerCase } from './span.ts';

/** Reads the arguments of one directive into the settings; faults are noted. There is at least one argument. */
export type ReadSetting = (values: readonly [Span, ...Span[]], settings: OpenSettings, faults: Faults) => void;

type Of<T> = {
  [Key in keyof EngineSettings]-?: NonNullable<EngineSettings[Key]> extends T ? Key : never;
}[keyof EngineSettings];

const limitActions: ReadonlyMap<string, 'reject' | 'processPartial'> = new Map([
  ['reject', 'reject'],
  ['processpartial', 'processPartial'],
]);
const maxNumber = Number.MAX_SAFE_INTEGER;

/** By directive in lower case. */
export const settingReaders: ReadonlyMap<string, ReadSetting> = new Map<string, ReadSetting>([
  ['secruleengine', choice('ruleEngine', engineModes)],
  ['secrequestbodyaccess', choice('requestBodyAccess', switches)],
  ['secrequestbodylimit', number('requestBodyLimitBytes')],
  ['secrequestbodynofileslimit', number('requestBodyNoFilesLimitBytes')],
  ['secrequestbodylimitaction', choice('requestBodyLimitAction', limitActions)],
  ['secrequestbodyjsondepthlimit', number('jsonDepthLimit')],
  ['secargumentslimit', number('argumentsLimit')],
  ['secresponsebodyaccess', choice('responseBodyAccess', switches)],
  ['secresponsebodylimit', number('responseBodyLimitBytes')],
  ['secresponsebodylimitaction', choice('responseBodyLimitAction', limitActions)],
  ['secresponsebodymimetype', readMimeTypes],
  ['secargumentseparator', readSeparator],
  ['secauditengine', choice('auditEngine', auditModes)],
  ['secauditlogparts', readAuditParts],
  ['seccollectiontimeout', number('collectionTimeoutS')],
  ['secwebappid', readWebAppId],
]);

function choice<Key extends keyof EngineSettings>(
  key: Key,
  choices: ReadonlyMap<string, NonNullable<EngineSettings[Key]>>,
): ReadSetting {
  return ([value], settings, faults) => {
    const chosen = readChoice(value, choices, { faults });
    if (chosen !== undefined) settings[key] = chosen;
  };
}

function number(key: Of<number>): ReadSetting {
  return ([value], settings, faults) => {
    const given = /^\d{1,16}$/.test(value.text) ? Number(value.text) : Number.NaN;
    if (given <= maxNumber) settings[key] = given;
    else faults.add(value, 'bad-value', `"${value.text}" is no whole number from 0 on`);
  };
}

/** Types add up over several directives. */
function readMimeTypes(values: readonly Span[], settings: OpenSettings): void {
  const types = values.flatMap(({ text }) => lowerCase(text).split(/\s+/)).filter((type) => type !== '');
  settings.responseBodyMimeTypes = [...new Set([...(settings.responseBodyMimeTypes ?? []), ...types])];
}

function readSeparator([value]: readonly [Span, ...Span[]], settings: OpenSettings, faults: Faults): void {
  if (value.text.length === 1) settings.argumentSeparator = value.text;
  else faults.add(value, 'bad-value', 'arguments are separated by exactly one character');
}

function readAuditParts([value]: readonly [Span, ...Span[]], settings: OpenSettings, faults: Faults): void {
  if (/^[A-Za-z]+$/.test(value.text)) settings.auditLogParts = value.text.toUpperCase();
  else faults.add(value, 'bad-value', 'parts of the audit record are letters');
}

function readWebAppId([value]: readonly [Span, ...Span[]], settings: OpenSettings): void {
  settings.webAppId = value.text;
}
