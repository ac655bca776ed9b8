// Why a request was stopped, for people and as JSON: which rules scored, on what, what the rules made of it, and what
// could be done about it.

import { formatFieldPath } from '../config/syntax/field-path.ts';
import type { RuleRecord } from '../observe/finding-record.ts';
import { fieldOf } from '../waf/exception-fields.ts';
import { transform } from '../waf/transforms/registry.ts';
import type { Finding } from './finding.ts';
import { type Proposal, proposalsFor } from './proposals.ts';
import { isDecision } from './sparing.ts';

/** A value with the part that matched. */
export interface Marked {
  readonly text: string;
  /** First and behind the last character; undefined: it is not to be found here as it is. */
  readonly mark: readonly [number, number] | undefined;
}

export interface ExplainedRule {
  readonly id: number;
  readonly msg: string;
  readonly file: string;
  readonly line: number;
  readonly phase: number;
  readonly severity: string | undefined;
  readonly paranoia: number | undefined;
  /** What it added to the score. */
  readonly points: number;
  /** It looked at the score only, or reported it. */
  readonly isDecision: boolean;
  /** As exceptions name it, and as rules do. */
  readonly field: string;
  readonly target: string;
  /** All that it matched. */
  readonly fields: readonly string[];
  readonly before: Marked;
  readonly transforms: readonly string[];
  readonly after: Marked;
  /** What the rule caught: a part of the value, or the fingerprint of SQL injection. */
  readonly matched: string;
}

export interface Explanation {
  readonly requestId: string;
  readonly time: string;
  readonly site: string | undefined;
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly verdict: Finding['verdict'];
  readonly status: number;
  readonly score: Finding['score'];
  readonly threshold: Finding['threshold'];
  /** The rule that ended the request, or would have. */
  readonly by: number | undefined;
  readonly rules: readonly ExplainedRule[];
  readonly proposals: readonly Proposal[];
  /** How many findings the proposals were compared with. */
  readonly comparedWith: number;
}

export function explain(finding: Finding, others: readonly Finding[]): Explanation {
  const { requestId, time, site, client, method, path, verdict, status, score, threshold, by, rules } = finding;
  const facts = { requestId, time, site, client, method, path, verdict, status, score, threshold, by };
  const compared = others.filter((other) => other.site === site && other.requestId !== requestId);
  const proposals = proposalsFor(finding, others);
  return { ...facts, rules: rules.map(explainRule), proposals, comparedWith: compared.length };
}

function explainRule(rule: RuleRecord): ExplainedRule {
  const { id, msg, file, line, phase, severity, paranoia, points, target, fields, raw, value, matched, transforms } =
    rule;
  return {
    id,
    msg,
    file,
    line,
    phase,
    severity,
    paranoia,
    points,
    isDecision: isDecision(rule),
    field: target === '' ? '' : formatFieldPath(fieldOf(target)),
    target,
    fields: [...new Set(fields.map((label) => formatFieldPath(fieldOf(label))))],
    before: markedBefore(raw, matched, transforms),
    transforms,
    after: marked(value, matched),
    matched,
  };
}

/** Where the matched part stands in a text. */
function marked(text: string, matched: string): Marked {
  const part = whole(matched);
  if (part === '') return { text, mark: undefined };
  const exact = text.indexOf(part);
  const at = exact === -1 ? text.toLowerCase().indexOf(part.toLowerCase()) : exact;
  return { text, mark: at === -1 ? undefined : [at, Math.min(text.length, at + part.length)] };
}

/** The shortest stretch of a value out of which the transformations make what matched. */
function markedBefore(text: string, matched: string, transforms: readonly string[]): Marked {
  const plain = marked(text, matched);
  const part = whole(matched);
  // Of other letters a byte is no character, and the places would not fit.
  if (plain.mark !== undefined || part === '' || !/^[\x20-\x7e…]*$/.test(text)) return plain;
  const steps = transforms.map((name) => transform(name)).filter((step) => step !== undefined);
  const makes = (piece: string): boolean => steps.reduce((value, step) => step.apply(value), piece).includes(part);
  let end = 1;
  while (end <= text.length && !makes(text.slice(0, end))) end++;
  if (end > text.length) return plain;
  let start = end - 1;
  while (start > 0 && !makes(text.slice(start, end))) start--;
  return { text, mark: [start, end] };
}

/** Without the sign that it was cut. */
function whole(text: string): string {
  return text.endsWith('…') ? text.slice(0, -1) : text;
}
