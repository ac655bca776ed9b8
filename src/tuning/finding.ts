// A finding as it is worked with: from the memory of the running gateway, or read from its log. A line of a log is what
// somebody may have written by hand, so every part is checked.
import type { FindingRecord, RuleRecord } from '../observe/finding-record.ts';

export interface Finding extends FindingRecord {
  /** RFC 3339, UTC. */
  readonly time: string;
}

/** A line of the log of findings; undefined: it is something else. */
export function readFinding(line: string): Finding | undefined {
  if (!line.includes('"waf"')) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isMap(found) || found.event !== 'waf' || typeof found.requestId !== 'string') return undefined;
  return {
    time: text(found.time),
    requestId: found.requestId,
    site: typeof found.site === 'string' ? found.site : undefined,
    client: text(found.client),
    method: text(found.method),
    path: text(found.path),
    verdict: found.verdict === 'block' || found.verdict === 'detect' ? found.verdict : 'pass',
    by: typeof found.by === 'number' ? found.by : undefined,
    status: number(found.status),
    score: scores(found.score),
    threshold: scores(found.threshold),
    rules: Array.isArray(found.rules) ? found.rules.filter(isMap).map(readRule) : [],
  };
}

function readRule(rule: Readonly<Record<string, unknown>>): RuleRecord {
  const target = text(rule.target);
  const value = text(rule.value);
  return {
    id: number(rule.id),
    file: text(rule.file),
    line: number(rule.line),
    phase: number(rule.phase),
    msg: text(rule.msg),
    severity: typeof rule.severity === 'string' ? rule.severity : undefined,
    paranoia: typeof rule.paranoia === 'number' ? rule.paranoia : undefined,
    tags: texts(rule.tags),
    target,
    value,
    matched: text(rule.matched),
    data: text(rule.data),
    raw: typeof rule.raw === 'string' ? rule.raw : value,
    transforms: texts(rule.transforms),
    fields: Array.isArray(rule.fields) ? texts(rule.fields) : target === '' ? [] : [target],
    points: number(rule.points),
  };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function scores(value: unknown): FindingRecord['score'] {
  return isMap(value)
    ? { inbound: number(value.inbound), outbound: number(value.outbound) }
    : { inbound: 0, outbound: 0 };
}
