// Builds, for each kind of value, the plan by which it is scanned: which chains of transformations, which
// automata, which tests. Values of which the same is asked share one plan.
import { type CaseChange, ChainTree, caseChange } from './chain-tree.ts';
import { FEEDS } from './feeds.ts';
import type { Field, Hits } from './field.ts';
import { NO_HITS } from './field.ts';
import type { ScanForm } from './matcher.ts';
import { analysePattern } from './pattern/analysis.ts';
import { foldPreimage, foldSuperset } from './pattern/fold.ts';
import type { Node as PatternNode } from './pattern/node.ts';
import { UnionMatcher } from './pattern/union.ts';
import { WordMatcher } from './pattern/words.ts';
import { ALWAYS, Presence } from './presence.ts';
import { type Allowance, NEW_RECIPES, type Node, type Question, RecipeBook } from './recipe.ts';
import type { Link } from './rule.ts';
import { type Family, ValuePlan } from './scanner.ts';
import type { CompiledLink, Step } from './step.ts';
import type { Transform } from './transforms/registry.ts';
import { transform } from './transforms/registry.ts';
import { VARIABLES, variableNumber } from './variables.ts';

interface VariablePlans {
  /** By name; undefined: nothing is asked of that one. */
  readonly named: ReadonlyMap<string, ValuePlan | undefined>;
  /** A bit for the length of each of those names: most names need not be looked up. */
  readonly lengths: number;
  readonly other: ValuePlan | undefined;
}

/** A question before it has its place in a tree of chains. */
interface Draft extends Omit<Question, 'node' | 'needs'> {
  readonly chain: readonly Transform[];
  /** The text that is asked holds at least one byte of each of these sets, or does not match. */
  readonly clauses: readonly (readonly number[])[];
}

export class ScanTable {
  readonly #plans: readonly (VariablePlans | undefined)[];
  readonly families: readonly Family[];
  readonly #allowance: Allowance = { recipes: 0 };

  constructor(steps: readonly Step[]) {
    const builder = new Builder(
      steps.filter(({ scanned }) => scanned !== undefined),
      this.#allowance,
    );
    this.#plans = builder.plans;
    this.families = builder.families;
  }

  scan(variable: number, field: Field): Hits {
    const plans = this.#plans[variable];
    if (plans === undefined) return NO_HITS;
    const { named, lengths, other } = plans;
    const mayBeNamed = (lengths & (1 << (field.name.length & 31))) !== 0;
    const plan = mayBeNamed && named.has(field.key) ? named.get(field.key) : other;
    return plan === undefined ? NO_HITS : plan.scan(field.value);
  }

  /** A new exchange: the automata may grow again by their allowance. */
  beginExchange(): void {
    this.#allowance.recipes = NEW_RECIPES;
    for (const { patterns } of this.families) patterns.beginRequest();
  }
}

class FamilyBuilder {
  readonly patterns: PatternNode[] = [];
  readonly words: (readonly string[])[] = [];
  readonly #places = new Map<string, number>();

  pattern(text: string, change: CaseChange, node: PatternNode): number {
    return this.#place(`p${change}${text}`, () => this.patterns.push(foldFor(change, node)) - 1);
  }

  wordList(words: readonly string[]): number {
    return this.#place(`w${words.join('\0')}`, () => this.words.push(words) - 1);
  }

  build(): Family {
    return {
      patterns: new UnionMatcher(this.patterns),
      words: new WordMatcher(this.words),
      patternWords: (this.patterns.length + 31) >> 5,
      wordWords: (this.words.length + 31) >> 5,
    };
  }

  #place(key: string, make: () => number): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = make();
    this.#places.set(key, place);
    return place;
  }
}

/** Values of base64 garbage and bodies of responses have automata of their own: they would bloat the main one. */
const MAIN = 0;
const BASE64 = 1;
const RESPONSE = 2;

class Builder {
  readonly families: readonly Family[];
  readonly plans: readonly (VariablePlans | undefined)[];
  readonly #steps: readonly Step[];
  readonly #drafts = new Map<number, Draft[]>();
  readonly #allowance: Allowance;
  readonly #presence: Presence;
  readonly #shared = new Map<string, ValuePlan>();

  constructor(steps: readonly Step[], allowance: Allowance) {
    this.#steps = steps;
    this.#allowance = allowance;
    const families = [new FamilyBuilder(), new FamilyBuilder(), new FamilyBuilder()];
    for (const step of steps) this.#drafts.set(step.number, draftsOf(step, families));
    this.families = families.map((family) => family.build());
    const chains = steps.flatMap((step) => scannedOf(step).link.transforms);
    this.#presence = new Presence(
      [...new Set(chains)].flatMap(({ triggers }) => (triggers === undefined ? [] : [triggers])),
    );
    this.plans = VARIABLES.map((_, variable) => this.#plansOf(variable));
  }

  #plansOf(variable: number): VariablePlans | undefined {
    const read = FEEDS[variable] as readonly number[];
    const other = this.#plan(this.#steps.filter((step) => concerns(step, read, undefined)));
    const named = new Map<string, ValuePlan | undefined>();
    for (const key of this.#keys(read)) {
      named.set(key, this.#plan(this.#steps.filter((step) => concerns(step, read, key))));
    }
    const lengths = [...named.keys()].reduce((all, { length }) => all | (1 << (length & 31)), 0);
    return other === undefined && named.size === 0 ? undefined : { named, lengths, other };
  }

  /** Names that some rule treats differently from all others. */
  #keys(read: readonly number[]): Set<string> {
    const keys = new Set<string>();
    for (const step of this.#steps) {
      const { targets, exclusions } = scannedOf(step).written;
      for (const { variable, selector } of [...targets, ...exclusions]) {
        if (selector?.kind === 'name' && read.includes(variableNumber(variable))) keys.add(selector.name);
      }
    }
    return keys;
  }

  #plan(steps: readonly Step[]): ValuePlan | undefined {
    if (steps.length === 0) return undefined;
    const id = steps.map(({ number }) => number).join(' ');
    const known = this.#shared.get(id);
    if (known !== undefined) return known;
    const plan = this.#build(steps.flatMap(({ number }) => this.#drafts.get(number) as Draft[]));
    this.#shared.set(id, plan);
    return plan;
  }

  #build(drafts: readonly Draft[]): ValuePlan {
    const tree = new ChainTree(this.#presence, transform('none') as Transform);
    const questions = drafts.map((draft): Question => {
      const anyCase = draft.form === 'words' || (draft.form === 'pattern' && !draft.negated);
      return { ...draft, node: tree.node(draft.chain, anyCase), needs: this.#needOf(draft) };
    });
    // A node is as demanding as the least demanding question below it: shorter texts need not be made.
    for (const { node, minLength } of questions) {
      let least = minLength;
      for (let place = node; place !== 0; place = (tree.nodes[place] as Node).parent) {
        const at = tree.nodes[place] as Node;
        at.minLength = Math.min(at.minLength, least);
        if (at.transform.lengthens === true) least = 0;
      }
    }
    const recipes = new RecipeBook(tree.nodes, questions, this.families, this.#presence, this.#allowance);
    return new ValuePlan(recipes, this.families);
  }

  /** The most telling clause as presence bits. A step that adds such bytes itself makes a clause worthless. */
  #needOf({ clauses, chain }: Draft): number {
    let best = ALWAYS;
    for (const clause of clauses) {
      if (chain.some(({ adds }) => adds !== 'any' && adds.some((byte) => clause.includes(byte)))) continue;
      const word = this.#presence.word(clause);
      if ((word & ALWAYS) === 0 && (best === ALWAYS || bitCount(word) < bitCount(best))) best = word;
    }
    return best;
  }
}

/** The link of a step that is scanned, as it is written and as it runs. */
function scannedOf({ rule, links, scanned = 0 }: Step): { written: Link; link: CompiledLink } {
  return { written: rule.links[scanned] as Link, link: links[scanned] as CompiledLink };
}

/** Whether a step asks something of a member of that name; undefined: of a name that no rule mentions. */
function concerns(step: Step, read: readonly number[], key: string | undefined): boolean {
  const { written, link } = scannedOf(step);
  return link.targets.some((target, i) => {
    if (!read.includes(target.variable)) return false;
    if (key === undefined) return written.targets[i]?.selector?.kind !== 'name';
    return target.selects?.(key) !== false && target.excludes?.(key) !== true;
  });
}

function draftsOf(step: Step, families: readonly FamilyBuilder[]): Draft[] {
  const { link } = scannedOf(step);
  const form = link.matcher.scan;
  if (form === undefined) return [];
  const { transforms, multiMatch, matcher } = link;
  const chains = multiMatch ? transforms.map((_, i) => transforms.slice(0, i)).concat([[...transforms]]) : [transforms];
  // A test has its negation worked in; automata answer for the pattern alone.
  const negated = form.kind !== 'test' && matcher.negated;
  return chains.map((chain) => {
    const family = familyOf(step, chain);
    // What must not be found has to be looked for exactly, in the text as it really becomes.
    const change = negated ? 'kept' : caseChange(chain);
    const about = {
      rule: step.number,
      chain,
      family,
      form: form.kind,
      negated,
      place: placeOf(form, families[family] as FamilyBuilder, step, change),
      test: form.kind === 'test' ? form.test : undefined,
    };
    return { ...about, ...(negated ? NO_CONDITION : conditionOf(form, change)) };
  });
}

/** The pattern as it must be looked for in a text whose letters were not made small. */
function foldFor(change: CaseChange, node: PatternNode): PatternNode {
  if (change === 'kept') return node;
  return change === 'lower' ? foldPreimage(node) : foldSuperset(node);
}

const NO_CONDITION = { minLength: 0, clauses: [] };

/** What a text must have at least to match. */
function conditionOf(form: ScanForm, change: CaseChange): Pick<Draft, 'minLength' | 'clauses'> {
  if (form.kind === 'pattern') {
    const { minLength, clauses } =
      change === 'kept' ? form.pattern.analysis : analysePattern(foldFor(change, form.pattern.node));
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

function placeOf(form: ScanForm, builder: FamilyBuilder, step: Step, change: CaseChange): number {
  if (form.kind === 'pattern')
    return builder.pattern(scannedOf(step).written.operator.argument, change, form.pattern.node);
  return form.kind === 'words' ? builder.wordList(form.words) : -1;
}

function familyOf(step: Step, chain: readonly Transform[]): number {
  if (chain.some(({ name }) => name.startsWith('base64decode'))) return BASE64;
  return scannedOf(step).written.targets.every(({ variable }) => variable === 'RESPONSE_BODY') ? RESPONSE : MAIN;
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
