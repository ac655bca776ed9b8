// Builds, for each kind of value, the plan by which it is scanned: which chains of transformations, which
// automata, which tests. Values of which the same is asked share one plan.
import { ChainTree } from './chain-tree.ts';
import { type Draft, draftsOf, scannedOf } from './drafts.ts';
import { FAMILIES, FamilyBuilder } from './families.ts';
import { FEEDS } from './feeds.ts';
import type { Field, Hits } from './field.ts';
import { NO_HITS } from './field.ts';
import { ALWAYS, Presence } from './presence.ts';
import { type Allowance, NEW_RECIPES, type Node, type Question, RecipeBook } from './recipe.ts';
import { type Family, ValuePlan } from './scanner.ts';
import type { Step } from './step.ts';
import { forgetTexts } from './text-memo.ts';
import { type Transform, transform } from './transforms/registry.ts';
import { VARIABLES, variableNumber } from './variables.ts';

interface VariablePlans {
  /** By name; undefined: nothing is asked of that one. */
  readonly named: ReadonlyMap<string, ValuePlan | undefined>;
  /** A bit for the length of each of those names: most names need not be looked up. */
  readonly lengths: number;
  readonly other: ValuePlan | undefined;
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
    forgetTexts();
    for (const { patterns } of this.families) patterns.beginRequest();
  }
}

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
    const families = FAMILIES.map(() => new FamilyBuilder());
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

/** Whether a step asks something of a member of that name; undefined: of a name that no rule mentions. */
function concerns(step: Step, read: readonly number[], key: string | undefined): boolean {
  const { written, link } = scannedOf(step);
  return link.targets.some((target, i) => {
    if (!read.includes(target.variable)) return false;
    if (key === undefined) return written.targets[i]?.selector?.kind !== 'name';
    return target.selects?.(key) !== false && target.excludes?.(key) !== true;
  });
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
