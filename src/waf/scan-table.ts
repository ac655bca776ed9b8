// Builds, for each kind of value, the plan by which it is scanned: which chains of transformations, which
// automata, which tests. Values of which the same is asked share one plan.
import { ChainTree } from './chain-tree.ts';
import { type Draft, draftsOf, scannedOf } from './drafts.ts';
import { FAMILIES, FamilyBuilder } from './families.ts';
import { FEEDS } from './feeds.ts';
import type { Field, Hits } from './field.ts';
import { NO_HITS } from './field.ts';
import type { Node } from './pattern/node.ts';
import { ALWAYS, Presence } from './presence.ts';
import type { Question } from './queries.ts';
import type { Readings } from './readings.ts';
import { type Meter, NEW_RECIPES, NEW_ROUGH_RECIPES, RecipeBook } from './recipe.ts';
import { type Family, ValuePlan } from './scanner.ts';
import type { Step } from './step.ts';
import { forgetTexts } from './text-memo.ts';
import { type Transform, transform } from './transforms/registry.ts';
import { VARIABLES, variableNumber } from './variables.ts';

/** Made when a value of its kind first comes. */
type LazyPlan = () => ValuePlan;

interface VariablePlans {
  /** By name; null: nothing is asked of that one. */
  readonly named: ReadonlyMap<string, LazyPlan | null>;
  /** A bit for the length of each of those names: most names need not be looked up. */
  readonly lengths: number;
  readonly other: LazyPlan | null;
}

/** Which list of steps each name has, before anything is built. */
interface Outline {
  readonly named: ReadonlyMap<string, string | undefined>;
  readonly other: string | undefined;
}

export class ScanTable {
  readonly #plans: readonly (VariablePlans | undefined)[];
  readonly families: readonly Family[];
  readonly #meter: Meter = { recipes: 0, roughRecipes: 0, walked: 0 };

  constructor(steps: readonly Step[]) {
    const builder = new Builder(
      steps.filter(({ scanned }) => scanned !== undefined),
      this.#meter,
    );
    this.#plans = builder.plans;
    this.families = builder.families;
  }

  /** The patterns that are looked for. */
  get patterns(): readonly Node[] {
    return this.families.flatMap(({ patterns }) => patterns.patterns.map(({ node }) => node));
  }

  /** Work of all scans so far. */
  get walked(): number {
    return this.#meter.walked;
  }

  scan(variable: number, field: Field): Hits {
    return this.#planOf(variable, field)?.scan(field.value) ?? NO_HITS;
  }

  /** The same for a long value, with stops at which others may have their turn. */
  *scanInParts(variable: number, field: Field, readings: Readings): Generator<undefined, Hits, void> {
    const plan = this.#planOf(variable, field);
    return plan === undefined ? NO_HITS : yield* plan.scanInParts(field.value, readings);
  }

  #planOf(variable: number, field: Field): ValuePlan | undefined {
    const plans = this.#plans[variable];
    if (plans === undefined) return undefined;
    const { named, lengths, other } = plans;
    const mayBeNamed = (lengths & (1 << (field.name.length & 31))) !== 0;
    const own = mayBeNamed ? named.get(field.key) : undefined;
    const plan = own === undefined ? other : own;
    return plan?.();
  }

  /** For the exchange that has begun the large automata stay as they are. */
  holdMain(): void {
    for (const { patterns } of this.families) patterns.holdMain();
  }

  /** A new exchange: the automata may grow again by their allowance. */
  beginExchange(): void {
    this.#meter.recipes = NEW_RECIPES;
    this.#meter.roughRecipes = NEW_ROUGH_RECIPES;
    forgetTexts();
    for (const { patterns } of this.families) patterns.beginRequest();
  }
}

/** A plan that asks for so few patterns has automata of its own, which stay tiny; the others share theirs. */
const FEW_PATTERNS = 12;
/** Clauses that are kept of one question. */
const MAX_NEEDS = 3;

class Builder {
  readonly families: Family[] = [];
  readonly plans: readonly (VariablePlans | undefined)[];
  readonly #steps: readonly Step[];
  readonly #meter: Meter;
  readonly #presence: Presence;
  /** Steps that ask something of the same values, by their numbers. */
  readonly #lists = new Map<string, readonly Step[]>();
  readonly #plans = new Map<string, LazyPlan>();
  readonly #needs = new Map<Draft, readonly number[]>();

  constructor(steps: readonly Step[], meter: Meter) {
    this.#steps = steps;
    this.#meter = meter;
    const chains = steps.flatMap((step) => scannedOf(step).link.transforms);
    this.#presence = new Presence(
      [...new Set(chains)].flatMap(({ triggers }) => (triggers === undefined ? [] : [triggers])),
    );
    const outlines = VARIABLES.map((_, variable) => this.#outline(variable));
    this.#prepareAll();
    this.plans = outlines.map((outline) => this.#finish(outline));
  }

  #outline(variable: number): Outline {
    const read = FEEDS[variable] as readonly number[];
    const readers = this.#steps.filter((step) =>
      scannedOf(step).link.targets.some((target) => read.includes(target.variable)),
    );
    if (readers.length === 0) return { other: undefined, named: new Map() };
    const other = this.#list(readers, read, undefined);
    const keys = keysOf(readers, read);
    return { other, named: new Map(Array.from(keys, (key) => [key, this.#list(readers, read, key)])) };
  }

  /** Of the steps those that ask something of a name, under their id; undefined: none do. */
  #list(readers: readonly Step[], read: readonly number[], key: string | undefined): string | undefined {
    const steps = readers.filter((step) => concerns(step, read, key));
    if (steps.length === 0) return undefined;
    const id = steps.map(({ number }) => number).join(' ');
    this.#lists.set(id, steps);
    return id;
  }

  #prepareAll(): void {
    const shared = FAMILIES.map(() => new FamilyBuilder());
    const drafts = new Map<number, Draft[]>();
    for (const steps of this.#lists.values()) {
      if (hasFewPatterns(steps)) continue;
      for (const step of steps) if (!drafts.has(step.number)) drafts.set(step.number, draftsOf(step, shared));
    }
    const families = this.#families(shared);
    for (const [id, steps] of this.#lists) {
      const make = (): ValuePlan => {
        if (!hasFewPatterns(steps)) {
          const asked = steps.flatMap(({ number }) => drafts.get(number) as Draft[]);
          return this.#build(asked, families);
        }
        const own = FAMILIES.map(() => new FamilyBuilder());
        const asked = steps.flatMap((step) => draftsOf(step, own));
        return this.#build(asked, this.#families(own));
      };
      let made: ValuePlan | undefined;
      this.#plans.set(id, () => {
        made ??= make();
        return made;
      });
    }
  }

  #families(builders: readonly FamilyBuilder[]): readonly Family[] {
    const families = builders.map((builder) => builder.build());
    this.families.push(...families.filter(({ patternWords }) => patternWords > 0));
    return families;
  }

  #finish({ other, named }: Outline): VariablePlans | undefined {
    if (other === undefined && named.size === 0) return undefined;
    const planOf = (id: string | undefined): LazyPlan | null => this.#plans.get(id ?? '') ?? null;
    return {
      named: new Map(Array.from(named, ([key, id]) => [key, planOf(id)])),
      lengths: [...named.keys()].reduce((all, { length }) => all | (1 << (length & 31)), 0),
      other: planOf(other),
    };
  }

  #build(drafts: readonly Draft[], families: readonly Family[]): ValuePlan {
    const tree = new ChainTree(this.#presence, transform('none') as Transform);
    const questions = drafts.map((draft): Question => {
      const anyCase = draft.form === 'words' || (draft.form === 'pattern' && !draft.negated);
      return { ...draft, node: tree.node(draft.chain, anyCase), needs: this.#needsOf(draft) };
    });
    const recipes = new RecipeBook(tree.nodes, questions, families, this.#presence, this.#meter);
    return new ValuePlan(recipes, families, this.#meter);
  }

  /** The most telling clauses as presence bits. */
  #needsOf(draft: Draft): readonly number[] {
    const known = this.#needs.get(draft);
    if (known !== undefined) return known;
    const words = draft.clauses.map((clause) => this.#presence.word(clause)).filter((word) => (word & ALWAYS) === 0);
    const needs = [...new Set(words)].sort((a, b) => bitCount(a) - bitCount(b)).slice(0, MAX_NEEDS);
    this.#needs.set(draft, needs);
    return needs;
  }
}

/** Names that some rule treats differently from all others. */
function keysOf(readers: readonly Step[], read: readonly number[]): Set<string> {
  const keys = new Set<string>();
  for (const step of readers) {
    const { targets, exclusions } = scannedOf(step).written;
    for (const { variable, selector } of [...targets, ...exclusions]) {
      if (selector?.kind === 'name' && read.includes(variableNumber(variable))) keys.add(selector.name);
    }
  }
  return keys;
}

function hasFewPatterns(steps: readonly Step[]): boolean {
  let patterns = 0;
  for (const step of steps) {
    const { scan } = scannedOf(step).link.matcher;
    const forms = scan?.kind === 'any' ? scan.forms : [scan];
    patterns += forms.filter((form) => form?.kind === 'pattern').length;
  }
  return patterns <= FEW_PATTERNS;
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
