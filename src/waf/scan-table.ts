// Builds, for each kind of value, the plan by which it is scanned: which chains of transformations, which
// automata, which tests. Values of which the same is asked share one plan.
import { ChainTree, foldsCase } from './chain-tree.ts';
import { FEEDS } from './feeds.ts';
import type { Hits } from './field.ts';
import { NO_HITS } from './field.ts';
import type { ScanForm } from './matcher.ts';
import { foldPreimage } from './pattern/fold.ts';
import type { Node as PatternNode } from './pattern/node.ts';
import { UnionMatcher } from './pattern/union.ts';
import { WordMatcher } from './pattern/words.ts';
import { Presence } from './presence.ts';
import type { Link } from './rule.ts';
import { type Family, type Group, ValuePlan } from './scanner.ts';
import type { Step } from './step.ts';
import type { Transform } from './transforms/registry.ts';
import { transform } from './transforms/registry.ts';
import { VARIABLES, variableNumber } from './variables.ts';

interface VariablePlans {
  /** By name; undefined: nothing is asked of that one. */
  readonly named: ReadonlyMap<string, ValuePlan | undefined>;
  readonly other: ValuePlan | undefined;
}

/** One question of a step: a chain and what is asked of its result. */
interface Question {
  readonly rule: number;
  readonly chain: readonly Transform[];
  readonly family: number;
  readonly form: ScanForm['kind'];
  readonly negated: boolean;
  /** The number of the pattern or word list in its family. */
  readonly place: number;
  readonly test: ((value: string) => boolean) | undefined;
}

export class ScanTable {
  readonly #plans: readonly (VariablePlans | undefined)[];
  readonly families: readonly Family[];

  constructor(steps: readonly Step[]) {
    const builder = new Builder(steps.filter((step) => step.links[0]?.isScanned));
    this.#plans = builder.plans;
    this.families = builder.families;
  }

  scan(variable: number, key: string, value: string): Hits {
    const plans = this.#plans[variable];
    if (plans === undefined) return NO_HITS;
    const plan = plans.named.has(key) ? plans.named.get(key) : plans.other;
    return plan === undefined ? NO_HITS : plan.scan(value);
  }

  /** A new exchange: the automata may grow again by their allowance. */
  beginExchange(): void {
    for (const { patterns } of this.families) patterns.beginRequest();
  }
}

class FamilyBuilder {
  readonly patterns: PatternNode[] = [];
  readonly words: (readonly string[])[] = [];
  readonly #places = new Map<string, number>();

  pattern(text: string, isFolded: boolean, node: PatternNode): number {
    return this.#place(`p${isFolded}${text}`, () => this.patterns.push(isFolded ? foldPreimage(node) : node) - 1);
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
  readonly #questions = new Map<number, Question[]>();
  readonly #presence: Presence;
  readonly #shared = new Map<string, ValuePlan>();

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    const families = [new FamilyBuilder(), new FamilyBuilder(), new FamilyBuilder()];
    for (const step of steps) this.#questions.set(step.number, questionsOf(step, families));
    this.families = families.map((family) => family.build());
    const chains = steps.flatMap((step) => step.links[0]?.transforms ?? []);
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
    return other === undefined && named.size === 0 ? undefined : { named, other };
  }

  /** Names that some rule treats differently from all others. */
  #keys(read: readonly number[]): Set<string> {
    const keys = new Set<string>();
    for (const step of this.#steps) {
      const { targets, exclusions } = headOf(step);
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
    const plan = this.#build(steps.flatMap(({ number }) => this.#questions.get(number) as Question[]));
    this.#shared.set(id, plan);
    return plan;
  }

  #build(questions: readonly Question[]): ValuePlan {
    const tree = new ChainTree(this.#presence, transform('none') as Transform);
    const byPlace = new Map<string, Question[]>();
    for (const question of questions) {
      const anyCase = question.form === 'words' || (question.form === 'pattern' && !question.negated);
      const key = `${tree.node(question.chain, anyCase)} ${question.family}`;
      byPlace.set(key, [...(byPlace.get(key) ?? []), question]);
    }
    const groups = [...byPlace].map(([key, asked]) => {
      const [node, family] = key.split(' ').map(Number) as [number, number];
      return this.#group(node, family, asked);
    });
    return new ValuePlan(tree.nodes, groups, this.families, this.#presence);
  }

  #group(node: number, family: number, asked: readonly Question[]): Group {
    const { patternWords, wordWords } = this.families[family] as Family;
    const patternMask = new Uint32Array(patternWords);
    const wordMask = new Uint32Array(wordWords);
    const patternRules: number[][] = [];
    const wordRules: number[][] = [];
    for (const { form, negated, place, rule } of asked) {
      if (negated || form === 'test') continue;
      const [mask, rules] = form === 'pattern' ? [patternMask, patternRules] : [wordMask, wordRules];
      mask[place >> 5] = (mask[place >> 5] as number) | (1 << (place & 31));
      rules[place] = [...(rules[place] ?? []), rule];
    }
    const negations = asked.filter(({ negated }) => negated);
    return {
      node,
      family,
      patternMask,
      wordMask,
      patternRules,
      wordRules,
      negated: negations.filter(({ form }) => form === 'pattern').map(({ place, rule }) => ({ pattern: place, rule })),
      negatedWords: negations.filter(({ form }) => form === 'words').map(({ place, rule }) => ({ list: place, rule })),
      tests: asked.flatMap(({ test, rule }) => (test === undefined ? [] : [{ rule, test }])),
    };
  }
}

function headOf(step: Step): Link {
  return step.rule.links[0] as Link;
}

/** Whether a step asks something of a member of that name; undefined: of a name that no rule mentions. */
function concerns(step: Step, read: readonly number[], key: string | undefined): boolean {
  const { targets } = headOf(step);
  return (step.links[0]?.targets ?? []).some((target, i) => {
    if (!read.includes(target.variable)) return false;
    if (key === undefined) return targets[i]?.selector?.kind !== 'name';
    return target.selects?.(key) !== false && target.excludes?.(key) !== true;
  });
}

function questionsOf(step: Step, families: readonly FamilyBuilder[]): Question[] {
  const [link] = step.links;
  const form = link?.matcher.scan;
  if (link === undefined || form === undefined) return [];
  const { transforms, multiMatch, matcher } = link;
  const chains = multiMatch ? transforms.map((_, i) => transforms.slice(0, i)).concat([[...transforms]]) : [transforms];
  const family = familyOf(step, transforms);
  const builder = families[family] as FamilyBuilder;
  // A test has its negation worked in; automata answer for the pattern alone.
  const negated = form.kind !== 'test' && matcher.negated;
  return chains.map((chain) => ({
    rule: step.number,
    chain,
    family,
    form: form.kind,
    negated,
    place: placeOf(form, builder, step, !negated && foldsCase(chain)),
    test: form.kind === 'test' ? form.test : undefined,
  }));
}

function placeOf(form: ScanForm, builder: FamilyBuilder, step: Step, isFolded: boolean): number {
  if (form.kind === 'pattern') return builder.pattern(headOf(step).operator.argument, isFolded, form.pattern.node);
  return form.kind === 'words' ? builder.wordList(form.words) : -1;
}

function familyOf(step: Step, chain: readonly Transform[]): number {
  if (chain.some(({ name }) => name.startsWith('base64decode'))) return BASE64;
  return headOf(step).targets.every(({ variable }) => variable === 'RESPONSE_BODY') ? RESPONSE : MAIN;
}
