// An exception as one line of YAML that can stand in a block list and between brackets alike.
import { formatFieldPath } from '../config/syntax/field-path.ts';
import { formatRuleReference } from '../config/syntax/rule-reference.ts';
import type { Draft } from './sparing.ts';

export interface Told {
  readonly reason: string;
  /** `2027-03-01`; undefined: it holds for ever. */
  readonly expires: string | undefined;
}

export function exceptionText({ rules, fields, path, method }: Draft, { reason, expires }: Told): string {
  const parts = [
    `rules: [${rules.map(formatRuleReference).map(ruleScalar).join(', ')}]`,
    ...(fields.length === 0 ? [] : [`fields: [${fields.map(formatFieldPath).map(scalar).join(', ')}]`]),
    ...(path === undefined ? [] : [`path: ${oneOrMore(path)}`]),
    ...(method === undefined ? [] : [`method: ${oneOrMore(method)}`]),
    `reason: ${JSON.stringify(literal(reason))}`,
    ...(expires === undefined ? [] : [`expires: ${expires}`]),
  ];
  return `{ ${parts.join(', ')} }`;
}

function oneOrMore(texts: readonly string[]): string {
  const [only] = texts;
  return texts.length === 1 && only !== undefined ? scalar(only) : `[${texts.map(scalar).join(', ')}]`;
}

function ruleScalar(text: string): string {
  return /^[0-9-]+$/.test(text) ? text : JSON.stringify(text);
}

/** In quotes wherever YAML could read something else, or something would be filled in. */
export function scalar(text: string): string {
  const isPlain = /^[A-Za-z_/][\w./*-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(literal(text));
}

/** `$${` stands for a `${` that is filled in with nothing. */
function literal(text: string): string {
  return text.replaceAll('${', () => '$${');
}
