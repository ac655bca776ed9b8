// The rules of a route: what it says itself, the site's word for the rest, the defaults for what neither says.

import { resolve } from 'node:path';
import type { ExceptionConfig, FieldPath, RuleReference, RuleSource, ShadowConfig, WafConfig } from '../model/waf.ts';
import type { Part } from '../part.ts';
import { parseFieldPath } from '../syntax/field-path.ts';
import { parseRuleReference } from '../syntax/rule-reference.ts';
import { canonicalGlob, textsOf } from './match.ts';

/** undefined: no rules here. `route`: absent for the site's own requests. */
export function resolveWaf(site: Part, route: Part | undefined, baseDir: string): WafConfig | undefined {
  const own = route?.isGiven === true ? route : undefined;
  if ((own ?? site).isOff) return undefined;
  const at = (...keys: readonly string[]): Part => {
    const part = own === undefined ? undefined : below(own, keys);
    return part?.isGiven === true ? part : below(site, keys);
  };
  const mode = at('mode');
  if (mode.isOff || mode.value === 'off') return undefined;
  const rules = at('rules');
  return {
    mode: mode.word(['block', 'detect']),
    rules: rules.items().map((item) => ruleSource(item, baseDir)),
    paranoia: at('paranoia').number(),
    detectionParanoia: at('detectionParanoia').number(),
    threshold: { inbound: at('threshold', 'inbound').number(), outbound: at('threshold', 'outbound').number() },
    body: {
      inspectBytes: at('body', 'inspect').bytes(),
      over: at('body', 'over').word(['block', 'inspect-prefix']),
      depth: at('body', 'depth').number(),
      arguments: at('body', 'arguments').number(),
    },
    response: at('response').flag(),
    responseTypes: at('responseTypes')
      .items()
      .map((type) => (type.text() ?? '').toLowerCase()),
    budgetMs: at('budget').durationMs(),
    onError: at('onError').word(['block', 'pass']),
    exceptions: [site, ...(own === undefined || own === site ? [] : [own])].flatMap((part) =>
      part.at('exceptions').items().map(resolveException),
    ),
    shadow: resolveShadow(at, baseDir),
  };
}

/** What a route says adds to what its site says: an exception is never lost by standing in the wrong place. */
function resolveException(part: Part): ExceptionConfig {
  return {
    rules: part.at('rules').items().flatMap(referenceOf),
    fields: part.at('fields').items().flatMap(fieldOf),
    path: textsOf(part.at('path'))?.map(canonicalGlob),
    method: textsOf(part.at('method'))?.map((method) => method.toUpperCase()),
    reason: part.at('reason').text(),
    expires: part.at('expires').text(),
    place: part.place,
  };
}

function referenceOf(part: Part): RuleReference[] {
  const parsed = parseRuleReference(part.text() ?? '');
  return 'value' in parsed ? [parsed.value] : [];
}

function fieldOf(part: Part): FieldPath[] {
  const parsed = parseFieldPath(part.text() ?? '');
  return 'value' in parsed ? [parsed.value] : [];
}

/** Other rules, or the same with other settings. */
function resolveShadow(at: (...keys: readonly string[]) => Part, baseDir: string): ShadowConfig | undefined {
  const part = at('shadow');
  if (!part.isGiven || part.isOff || part.at('sample').isOff) return undefined;
  const number = (...keys: readonly string[]): number => {
    const own = below(part, keys);
    return (own.isGiven ? own : at(...keys)).number();
  };
  const rules = part.at('rules');
  return {
    rules: (rules.isGiven && !rules.isOff ? rules : at('rules')).items().map((item) => ruleSource(item, baseDir)),
    sample: part.at('sample').fraction(),
    paranoia: number('paranoia'),
    detectionParanoia: number('detectionParanoia'),
    threshold: { inbound: number('threshold', 'inbound'), outbound: number('threshold', 'outbound') },
    place: part.place,
  };
}

function below(part: Part, keys: readonly string[]): Part {
  return keys.reduce((inner, key) => inner.at(key), part);
}

function ruleSource(part: Part, baseDir: string): RuleSource {
  const folder = part.at('crs');
  if (folder.isGiven) return { crs: folder.path(baseDir) ?? '' };
  if (part.text() === 'core') return { core: true };
  return { files: resolve(baseDir, part.text() ?? '') };
}
