// Exceptions that would have let a request pass, from the narrowest to the widest, each with what else it would let pass.
import type { FieldPath, RuleReference } from '../config/model/waf.ts';
import { formatFieldPath } from '../config/syntax/field-path.ts';
import { parsePathGlob } from '../config/syntax/request-match.ts';
import { formOfPath } from '../http/path-form.ts';
import { pathForMatching } from '../http/target.ts';
import type { RuleRecord } from '../observe/finding-record.ts';
import { fieldOf, targetsOf } from '../waf/exception-fields.ts';
import type { Finding } from './finding.ts';
import { compileSparing, type Draft, isDecision, type Remaining } from './sparing.ts';

export interface Proposal {
  /** From 1; `--apply` takes it. */
  readonly number: number;
  /** In words. */
  readonly scope: string;
  /** All of them belong together. */
  readonly exceptions: readonly Draft[];
  /** What is left of the score of this request. */
  readonly remaining: Remaining;
  /** Other recent findings of the site that were stopped, or would have been, and would pass. */
  readonly others: { readonly count: number; readonly clients: number; readonly samples: readonly string[] };
}

/** More fields than these are named by their area. */
const MAX_FIELDS = 6;
const MAX_SAMPLES = 5;

/** The rules that an exception is about: those that scored, or the one that stopped the request by itself. */
export function culprits({ rules, by }: Finding): RuleRecord[] {
  return rules.filter((rule) => rule.points > 0 || (rule.id === by && !isDecision(rule)));
}

/** `others`: recent findings, this one perhaps among them. */
export function proposalsFor(finding: Finding, others: readonly Finding[]): Proposal[] {
  const guilty = culprits(finding);
  if (guilty.length === 0) return [];
  const peers = others.filter(
    ({ requestId, site, verdict }) => requestId !== finding.requestId && site === finding.site && verdict !== 'pass',
  );
  return widths(finding, guilty).map(({ scope, exceptions }, index) => {
    const sparing = compileSparing(exceptions);
    const passing = peers.filter((peer) => sparing(peer).passes);
    return {
      number: index + 1,
      scope,
      exceptions,
      remaining: sparing(finding),
      others: {
        count: passing.length,
        clients: new Set(passing.map(({ client }) => client)).size,
        samples: passing.slice(-MAX_SAMPLES).map(({ requestId }) => requestId),
      },
    };
  });
}

interface Width {
  readonly scope: string;
  readonly exceptions: readonly Draft[];
}

function widths(finding: Finding, guilty: readonly RuleRecord[]): Width[] {
  const method = [finding.method];
  // A star that the client sent is no star of a glob.
  const path = globOf(pathForMatching(finding.path).replaceAll('*', '%2A'));
  const wide = path === undefined ? undefined : globOf(formOfPath(path));
  const byFields = groupByFields(guilty);
  const tags = [...new Set(guilty.map(kindOf))];
  const found: Width[] = [];
  const add = (scope: string, groups: readonly Omit<Draft, 'path' | 'method'>[], where: Partial<Draft>): void => {
    const exceptions = groups.map((group) => ({ ...group, path: undefined, method: undefined, ...where }));
    // Without any field the narrow ones are the wide ones.
    const isNew = !found.some((known) => JSON.stringify(known.exceptions) === JSON.stringify(exceptions));
    if (isNew) found.push({ scope, exceptions });
  };
  const whole = [{ rules: byFields.flatMap(({ rules }) => rules), fields: [] }];
  const isOfKind = tags.every((tag) => tag !== undefined);
  const ofKind = byFields.map(({ fields }) => ({ rules: tags.map((tag) => ({ tag: tag as string })), fields }));
  if (path !== undefined) {
    add('these rules, on these fields, for this path and method', byFields, { path: [path], method });
    if (wide !== undefined && wide !== path) {
      add('these rules, on these fields, for paths of this form', byFields, { path: [wide], method });
    }
    if (isOfKind)
      add('all rules of this kind, on these fields, for this path and method', ofKind, {
        path: [wide ?? path],
        method,
      });
  }
  add('these rules, on these fields, everywhere on the site', byFields, {});
  if (path !== undefined)
    add('these rules, on every field, for this path and method', whole, { path: [wide ?? path], method });
  add('these rules, on every field, everywhere on the site', whole, {});
  return found;
}

/** Rules that matched the same fields share an exception. */
function groupByFields(guilty: readonly RuleRecord[]): { rules: RuleReference[]; fields: FieldPath[] }[] {
  const groups = new Map<string, { rules: RuleReference[]; fields: FieldPath[] }>();
  for (const { id, fields: labels } of guilty) {
    const fields = fieldsOf(labels);
    const key = fields.map(formatFieldPath).sort().join(' ');
    const group = groups.getOrInsertComputed(key, () => ({ rules: [], fields }));
    if (!group.rules.some((rule) => 'from' in rule && rule.from === id)) group.rules.push({ from: id, to: id });
  }
  return [...groups.values()];
}

function fieldsOf(labels: readonly string[]): FieldPath[] {
  const fields = new Map<string, FieldPath>();
  for (const label of labels) {
    const field = fieldOf(label);
    if (targetsOf(field) !== undefined) fields.set(formatFieldPath(field), field);
  }
  if (fields.size <= MAX_FIELDS) return [...fields.values()];
  return [...new Set(Array.from(fields.values(), ({ area }) => area))].map((area) => ({ area, name: undefined }));
}

/** What a rule is against, by its tags: `attack-sqli` of the Core Rule Set, else the first that is no classification. */
function kindOf({ tags }: RuleRecord): string | undefined {
  return (
    tags.find((tag) => tag.startsWith('attack-')) ??
    tags.find((tag) => !/[/:]|^(?:OWASP|application|language|platform|paranoia)/.test(tag))
  );
}

/** undefined: it cannot be written as a path, and no exception for it could ever match. */
function globOf(path: string): string | undefined {
  const parsed = parsePathGlob(path);
  return 'value' in parsed ? parsed.value : undefined;
}
