// What an exception would make of a finding that was recorded: the rules that it covers, and the verdict without them.
import type { ExceptionConfig } from '../config/model/waf.ts';
import { matcherOf } from '../gateway/exceptions.ts';
import type { RuleRecord } from '../observe/finding-record.ts';
import { targetsOf } from '../waf/exception-fields.ts';
import { compileReferences } from '../waf/exceptions.ts';
import { lowerAscii } from '../waf/field.ts';
import { compileSelector, type Selects } from '../waf/target.ts';
import type { Finding } from './finding.ts';

/** An exception that is not written anywhere yet. */
export type Draft = Pick<ExceptionConfig, 'rules' | 'fields' | 'path' | 'method'>;

export interface Remaining {
  readonly inbound: number;
  readonly outbound: number;
  /** Nothing that is left would have stopped it. */
  readonly passes: boolean;
}

/** Score and verdict of a finding under exceptions. What a rule matched in several fields is taken in equal parts. */
export type Sparing = (finding: Finding) => Remaining;

/** Compiled once for many findings. */
export function compileSparing(drafts: readonly Draft[]): Sparing {
  const all = drafts.map(compileDraft);
  return (finding) => {
    const { method, path, client } = finding;
    const subject = { method, path, query: '', headers: [], client };
    const holding = all.filter(({ matches }) => matches?.(subject) !== false);
    const left = { inbound: finding.score.inbound, outbound: finding.score.outbound };
    let stops = finding.by !== undefined || finding.verdict === 'block';
    for (const rule of finding.rules) {
      const share = coveredShare(rule, holding);
      left[rule.phase <= 2 ? 'inbound' : 'outbound'] -= Math.round(rule.points * share);
      if (rule.id === finding.by && !isDecision(rule)) stops = share < 1;
    }
    const by = finding.rules.find(({ id }) => id === finding.by);
    // A rule that decided and keeps no log may have had another reason than the score.
    const isScored = by === undefined ? exceeds(finding.score, finding) : isDecision(by);
    if (isScored) stops &&= exceeds(left, finding);
    return { ...left, passes: !stops };
  };
}

/** A rule that found nothing in the exchange, and looked at what the others had added up. */
export function isDecision({ target, points }: RuleRecord): boolean {
  return points === 0 && (target === '' || /^&?TX(?::|$)/.test(target));
}

function exceeds(left: { inbound: number; outbound: number }, { threshold }: Finding): boolean {
  return left.inbound >= threshold.inbound || left.outbound >= threshold.outbound;
}

interface CompiledDraft {
  readonly isMeant: (rule: { id: number; tags: readonly string[] }) => boolean;
  readonly matches: ReturnType<typeof matcherOf>;
  /** By variable; undefined: the whole request. */
  readonly fields: ReadonlyMap<string, readonly (Selects | undefined)[]> | undefined;
}

function compileDraft(draft: Draft): CompiledDraft {
  const isMeant = compileReferences(draft.rules) as CompiledDraft['isMeant'];
  const matches = matcherOf(draft);
  if (draft.fields.length === 0) return { isMeant, matches, fields: undefined };
  const fields = new Map<string, (Selects | undefined)[]>();
  for (const { variable, selector } of draft.fields.flatMap((field) => targetsOf(field) ?? [])) {
    fields.getOrInsertComputed(variable, () => []).push(compileSelector(selector));
  }
  return { isMeant, matches, fields };
}

function coveredShare(rule: RuleRecord, drafts: readonly CompiledDraft[]): number {
  const meant = drafts.filter(({ isMeant }) => isMeant(rule));
  if (meant.length === 0) return 0;
  if (meant.some(({ fields }) => fields === undefined)) return 1;
  if (rule.fields.length === 0) return 0;
  const covered = rule.fields.filter((label) => meant.some(({ fields }) => covers(fields, label)));
  return covered.length / rule.fields.length;
}

function covers(fields: CompiledDraft['fields'], label: string): boolean {
  const mark = label.indexOf(':');
  const variable = mark === -1 ? label : label.slice(0, mark);
  const key = mark === -1 ? '' : lowerAscii(label.slice(mark + 1));
  const selectors = fields?.get(variable.replace(/^&/, ''));
  return selectors?.some((selects) => selects === undefined || selects(key)) ?? false;
}
