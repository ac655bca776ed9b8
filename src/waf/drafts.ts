// From the rules that are scanned to the questions that their values are asked.
import { type CaseChange, caseChange } from './chain-tree.ts';
import { FAMILIES, type FamilyBuilder, type FamilyName, familyByMarks } from './families.ts';
import type { ScanForm } from './matching.ts';
import { scanPatternOf } from './pattern-store.ts';
import type { Question } from './queries.ts';
import type { Link } from './rule.ts';
import type { CompiledLink, Step } from './step.ts';
import type { Transform } from './transforms/registry.ts';

/** A question before it has its place in a tree of chains. */
export interface Draft extends Omit<Question, 'node' | 'needs'> {
  readonly chain: readonly Transform[];
  /** The text that is asked holds at least one byte of each of these sets, or does not match. */
  readonly clauses: readonly (readonly number[])[];
}

/** The link of a step that is scanned, as it is written and as it runs. */
export function scannedOf({ rule, links, scanned = 0 }: Step): { written: Link; link: CompiledLink } {
  return { written: rule.links[scanned] as Link, link: links[scanned] as CompiledLink };
}

/** What the scanned link of a step asks: one question for each chain, several for `multiMatch`. */
export function draftsOf(step: Step, families: readonly FamilyBuilder[]): Draft[] {
  const { link } = scannedOf(step);
  const scan = link.matcher.scan;
  if (scan === undefined) return [];
  const forms = scan.kind === 'any' ? scan.forms : [scan];
  const { transforms, multiMatch, matcher } = link;
  const chains = multiMatch ? transforms.map((_, i) => transforms.slice(0, i)).concat([[...transforms]]) : [transforms];
  return forms.flatMap((form) => chains.map((chain) => draftOf(step, form, chain, matcher.negated, families)));
}

function draftOf(
  step: Step,
  form: ScanForm,
  chain: readonly Transform[],
  isNegated: boolean,
  families: readonly FamilyBuilder[],
): Draft {
  // A test has its negation worked in; automata answer for the pattern alone.
  const negated = form.kind !== 'test' && isNegated;
  // What must not be found has to be looked for exactly, in the text as it really becomes.
  const change = negated ? 'kept' : caseChange(chain);
  const condition = negated ? NO_CONDITION : conditionOf(form, change);
  const family = FAMILIES.indexOf(familyOf(step, chain, condition.clauses));
  return {
    rule: step.number,
    chain,
    family,
    form: form.kind,
    negated,
    place: placeOf(form, families[family] as FamilyBuilder, change, chain),
    test: form.kind === 'test' ? form.test : undefined,
    ...condition,
  };
}

const NO_CONDITION = { minLength: 0, clauses: [] };

/** What a text must have at least to match. */
function conditionOf(form: ScanForm, change: CaseChange): Pick<Draft, 'minLength' | 'clauses'> {
  if (form.kind === 'pattern') {
    const { minLength, clauses } = scanPatternOf(form.text, change, form.pattern).condition;
    return { minLength, clauses: clauses.map((clause) => clause.bytes()) };
  }
  if (form.kind === 'words')
    return { minLength: Math.min(...form.words.map(({ length }) => length)), clauses: commonMarks(form.words) };
  return { minLength: 0, clauses: form.triggers === undefined ? [] : [form.triggers] };
}

const MARK = /[^A-Za-z0-9]/g;

/** A few marks of which every phrase has one; none when there are phrases of letters only. */
function commonMarks(words: readonly string[]): number[][] {
  const chosen: number[] = [];
  let left = words;
  while (left.length > 0) {
    const counts = new Map<string, number>();
    for (const word of left)
      for (const mark of new Set(word.match(MARK))) counts.set(mark, (counts.get(mark) ?? 0) + 1);
    const [best] = [...counts].sort(([, a], [, b]) => b - a);
    if (best === undefined) return [];
    chosen.push(best[0].charCodeAt(0));
    left = left.filter((word) => !word.includes(best[0]));
  }
  return [chosen];
}

function placeOf(form: ScanForm, builder: FamilyBuilder, change: CaseChange, chain: readonly Transform[]): number {
  if (form.kind === 'pattern') return builder.pattern(scanPatternOf(form.text, change, form.pattern), chain);
  return form.kind === 'words' ? builder.wordList(form.words) : -1;
}

function familyOf(step: Step, chain: readonly Transform[], clauses: Draft['clauses']): FamilyName {
  if (chain.some(({ name }) => name.startsWith('base64decode'))) return 'base64';
  const isOfResponse = scannedOf(step).written.targets.every(({ variable }) => variable === 'RESPONSE_BODY');
  return isOfResponse ? 'response' : familyByMarks(clauses);
}
