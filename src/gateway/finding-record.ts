// The record of what rules found in an exchange: values cut, secrets redacted, and parts of the exchange as `logs.audit` asks.
import { readableText } from '../base/text.ts';
import type { Exchange } from '../http/exchange.ts';
import type { FindingRecord, RuleRecord } from '../observe/finding-record.ts';
import type { Records } from '../observe/records.ts';
import type { Redacted } from '../observe/redaction.ts';
import type { Finding, Outcome } from '../waf/finding.ts';

export interface AuditMaterial {
  readonly requestBody: Buffer;
  readonly responseHeaders: readonly string[];
}

/**
 * Sets what the access record says of the rules, and writes the record of findings when there are any. `isRefused`: the
 * exchange ended for their sake though no rule said so.
 */
export function recordFinding(
  x: Exchange,
  outcome: Outcome,
  records: Records,
  { isRefused, ...material }: AuditMaterial & { readonly isRefused: boolean },
): void {
  const { findings, intervention, suppressed, score, threshold } = outcome;
  const isBlocked = intervention !== undefined || isRefused;
  const verdict = isBlocked ? 'block' : suppressed !== undefined ? 'detect' : 'pass';
  x.waf = { verdict, score: score.inbound };
  if (findings.length === 0) return;
  const redacted = records.redaction.of({ request: x.request, ...material });
  const record: FindingRecord = {
    requestId: x.id,
    site: x.site,
    client: x.client,
    method: x.request.method,
    path: x.request.path,
    verdict,
    by: (intervention ?? suppressed)?.rule.id,
    status: x.status,
    score,
    threshold,
    rules: findings.map((finding) => ruleRecord(finding, redacted)),
  };
  const isAudited = outcome.auditLog && findings.some(({ rule }) => rule.auditLog);
  records.waf(isAudited ? { ...record, ...redacted.audit() } : record);
}

const SEVERITIES = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];
const PARANOIA = /^paranoia-level\/([1-4])$/;

function ruleRecord(finding: Finding, redacted: Redacted): RuleRecord {
  const { rule } = finding;
  const level = rule.tags.map((tag) => PARANOIA.exec(tag)?.[1]).find((found) => found !== undefined);
  const template = rule.links.findLast((link) => link.msg !== undefined)?.msg ?? '';
  const texts = redacted.finding(finding, template);
  return {
    id: rule.id,
    file: rule.source.file,
    line: rule.source.line,
    phase: rule.phase,
    msg: texts.msg,
    severity: rule.severity === undefined ? undefined : SEVERITIES[rule.severity],
    paranoia: level === undefined ? undefined : Number(level),
    tags: rule.tags.map(readableText),
    target: texts.target,
    value: texts.value,
    matched: texts.matched,
    data: texts.data,
    raw: texts.raw,
    transforms: rule.links[0]?.transforms ?? [],
    fields: texts.fields,
    points: finding.points,
  };
}
