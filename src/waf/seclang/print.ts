// A rule set back to SecLang: what is printed reads back as the same rules, only where they stood is lost.
// Nothing is left to defaults, so the text means the same wherever it is loaded.

import type { Disruptive, EngineSettings, Link, Marker, OperatorCall, Rule, RuleSet } from '../rule.ts';
import { printArgument, printEffect, printExclusion, printValue } from './print-effects.ts';

/** Prints settings, components, then every rule and marker in order. Data files stay named as they were. */
export function printSecLang({ items, settings, components }: RuleSet): string {
  const lines = [
    ...printSettings(settings),
    ...components.map((text) => `SecComponentSignature ${printArgument(text)}`),
    ...items.map((item) => (item.kind === 'marker' ? printMarker(item) : printRule(item))),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** One rule with all links of its chain, each on a line. */
export function printRule(rule: Rule): string {
  if (rule.links.some(isBeyondSecLang))
    return `# ${rule.id} of ${rule.source.file}, line ${rule.source.line}, cannot be said in SecLang`;
  return rule.links.map((link, index) => printLink(rule, link, index)).join('\n');
}

/** What only native rules can ask. */
function isBeyondSecLang({ operator: { name, calls, lines, argument } }: Link): boolean {
  return calls !== undefined || ['count', 'length', 'looks'].includes(name) || (lines !== undefined && argument === '');
}

function printMarker({ name }: Marker): string {
  return `SecMarker ${printArgument(name)}`;
}

function printLink(rule: Rule, link: Link, index: number): string {
  const actions = [
    ...(index === 0 ? headActions(rule) : []),
    ...linkActions(link),
    ...(index < rule.links.length - 1 ? ['chain'] : []),
  ];
  const list = printArgument(actions.join(','));
  if (link.targets.length === 0) return `SecAction ${list}`;
  const targets = [
    ...link.targets.map((target) => `${target.count ? '&' : ''}${printExclusion(target)}`),
    ...link.exclusions.map((exclusion) => `!${printExclusion(exclusion)}`),
  ];
  return `SecRule ${printArgument(targets.join('|'))} ${printArgument(printOperator(link.operator))} ${list}`;
}

function printOperator({ name, negated, argument }: OperatorCall): string {
  return `${negated ? '!' : ''}@${name}${argument === '' ? '' : ` ${argument}`}`;
}

function headActions(rule: Rule): string[] {
  return [
    `id:${rule.id}`,
    `phase:${rule.phase}`,
    ...printDisruptive(rule.disruptive),
    rule.log ? 'log' : 'nolog',
    rule.auditLog ? 'auditlog' : 'noauditlog',
    ...valued('severity', rule.severity),
    ...valued('ver', rule.ver),
    ...valued('rev', rule.rev),
    ...valued('maturity', rule.maturity),
    ...valued('accuracy', rule.accuracy),
    ...rule.tags.map((tag) => `tag:${printValue(tag)}`),
    ...valued('skip', rule.skip === 0 ? undefined : rule.skip),
    ...valued('skipAfter', rule.skipAfter),
  ];
}

function printDisruptive(disruptive: Disruptive): string[] {
  switch (disruptive.action) {
    case 'deny':
      return ['deny', `status:${disruptive.status}`];
    case 'redirect':
      return [`redirect:${printValue(disruptive.location)}`, `status:${disruptive.status}`];
    case 'allow':
      return [disruptive.scope === 'all' ? 'allow' : `allow:${disruptive.scope}`];
    default:
      return [disruptive.action];
  }
}

function linkActions(link: Link): string[] {
  return [
    't:none',
    ...link.transforms.map((name) => `t:${name}`),
    ...(link.capture ? ['capture'] : []),
    ...(link.multiMatch ? ['multiMatch'] : []),
    ...valued('msg', link.msg),
    ...valued('logdata', link.logdata),
    ...link.effects.map(printEffect),
  ];
}

function valued(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`${name}:${typeof value === 'number' ? value : printValue(value)}`];
}

const directives: readonly [keyof EngineSettings, string][] = [
  ['ruleEngine', 'SecRuleEngine'],
  ['requestBodyAccess', 'SecRequestBodyAccess'],
  ['requestBodyLimitBytes', 'SecRequestBodyLimit'],
  ['requestBodyNoFilesLimitBytes', 'SecRequestBodyNoFilesLimit'],
  ['requestBodyLimitAction', 'SecRequestBodyLimitAction'],
  ['jsonDepthLimit', 'SecRequestBodyJsonDepthLimit'],
  ['argumentsLimit', 'SecArgumentsLimit'],
  ['responseBodyAccess', 'SecResponseBodyAccess'],
  ['responseBodyLimitBytes', 'SecResponseBodyLimit'],
  ['responseBodyLimitAction', 'SecResponseBodyLimitAction'],
  ['responseBodyMimeTypes', 'SecResponseBodyMimeType'],
  ['argumentSeparator', 'SecArgumentSeparator'],
  ['auditEngine', 'SecAuditEngine'],
  ['auditLogParts', 'SecAuditLogParts'],
  ['collectionTimeoutS', 'SecCollectionTimeout'],
  ['webAppId', 'SecWebAppId'],
];

function printSettings(settings: EngineSettings): string[] {
  return directives.flatMap(([key, directive]) => {
    const value = settings[key];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [`${directive} ${value ? 'On' : 'Off'}`];
    return [`${directive} ${printArgument(typeof value === 'object' ? value.join(' ') : String(value))}`];
  });
}
