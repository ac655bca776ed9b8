// Header changes of a site or a route.

import type { HeaderChanges, HeadersConfig } from '../model/sites.ts';
import type { Part } from '../part.ts';
import { presetFields, presetNames } from '../presets.ts';

/** Names come out in lower case; one name set twice in different cases is a fault. */
export function resolveHeaders(part: Part): HeadersConfig {
  const response = part.at('response');
  const preset = response.at('preset');
  const changes = resolveChanges(response);
  return {
    request: resolveChanges(part.at('request')),
    response: preset.isGiven ? { ...changes, defaults: defaultsOf(preset) } : changes,
  };
}

/** Entries under lower-case names, in the order of the file. */
export function lowerCaseEntries(part: Part): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [written, value] of part.entries()) {
    const name = written.toLowerCase();
    if (entries.has(name))
      value.fault('duplicate-key', `the header "${name}" stands here twice, in different cases`, 'key');
    entries.set(name, value.text() ?? '');
  }
  return entries;
}

function defaultsOf(preset: Part): ReadonlyMap<string, string> {
  return preset.isOff ? new Map() : presetFields(preset.word(presetNames));
}

function resolveChanges(part: Part): HeaderChanges {
  const removed = part
    .at('remove')
    .items()
    .map((item) => (item.text() ?? '').toLowerCase());
  return { set: lowerCaseEntries(part.at('set')), remove: [...new Set(removed)] };
}
