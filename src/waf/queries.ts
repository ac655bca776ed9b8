// What rules ask of a text, gathered for the automata that answer. Worked out once for each combination of questions, as
// many kinds of values come to the same ones.

/** What one rule asks of the text behind a node. */
export interface Question {
  readonly rule: number;
  readonly node: number;
  readonly family: number;
  readonly form: 'pattern' | 'words' | 'test';
  /** The number of the pattern or word list in its family. */
  readonly place: number;
  /** The rule matches where the pattern, or the words, are not found. */
  readonly negated: boolean;
  readonly test: ((value: string) => boolean) | undefined;
  /** Shorter texts do not match. */
  readonly minLength: number;
  /** Words of presence bits: a text that lacks all bits of one does not match. */
  readonly needs: readonly number[];
}

/** How the bits that an automaton sets become rules. */
export interface Lookup {
  /** Bits that say that a rule may match. */
  readonly mask: Uint32Array;
  /** All bits that are looked at. */
  readonly wanted: Uint32Array;
  /** By number of the pattern or list. */
  readonly rules: readonly (readonly number[] | undefined)[];
  /** Rules that match where a bit is not set. */
  readonly without: readonly Question[];
}

/** How many words the bit sets of a family have. */
export interface FamilySize {
  readonly patternWords: number;
  readonly wordWords: number;
}

/** Whether a text with these presence bits can match at all. */
export function meets(present: number, needs: readonly number[]): boolean {
  for (const need of needs) if ((present & need) === 0) return false;
  return true;
}

/** Of more questions one nearly always finds what it needs. */
const FEW_NEEDS = 4;

/** The automata of a family, and the rules of each pattern and each word list. */
interface Tables extends FamilySize {
  readonly patternRules: Lookup['rules'];
  readonly wordRules: Lookup['rules'];
}

/** All that is asked of one text by the automata of one family. */
export class Query {
  readonly family: number;
  /** Of each question its `needs`, where all have some: a text that meets none of them need not be looked at. */
  readonly needs: readonly (readonly number[])[] | undefined;
  readonly patterns: Lookup | undefined;
  readonly words: Lookup | undefined;
  readonly tests: readonly { readonly rule: number; readonly test: (value: string) => boolean }[];
  /** Shorter texts match nothing here. */
  readonly minLength: number;
  readonly #questions: readonly Question[];
  readonly #tables: Tables;
  readonly #joined = new Map<Query, Query>();

  constructor(questions: readonly Question[], tables: Tables) {
    this.#questions = questions;
    this.#tables = tables;
    this.family = (questions[0] as Question).family;
    const isTelling = questions.length <= FEW_NEEDS && questions.every(({ needs }) => needs.length > 0);
    this.needs = isTelling ? questions.map(({ needs }) => needs) : undefined;
    const patterns = questions.filter(({ form }) => form === 'pattern');
    const words = questions.filter(({ form }) => form === 'words');
    this.patterns = lookup(patterns, tables.patternWords, tables.patternRules);
    this.words = lookup(words, tables.wordWords, tables.wordRules);
    const tests = questions.flatMap(({ rule, test }) => (test === undefined ? [] : [{ rule, test }]));
    // A rule asks the same of a text that several of its chains come to.
    this.tests = tests.filter(({ rule }, i) => tests.findIndex((other) => other.rule === rule) === i);
    this.minLength = Math.min(...questions.map(({ minLength }) => minLength));
  }

  /** Both in one, of the same family. */
  with(other: Query): Query {
    let joined = this.#joined.get(other);
    if (joined === undefined) {
      joined = new Query([...this.#questions, ...other.#questions], this.#tables);
      this.#joined.set(other, joined);
    }
    return joined;
  }

  /** Whether an answer to this one is one to the other too, of the same family. */
  includes(other: Query): boolean {
    if (!looksFor(this.patterns, other.patterns) || !looksFor(this.words, other.words)) return false;
    return other.tests.every(({ rule }) => this.tests.some((own) => own.rule === rule));
  }
}

function looksFor(all: Lookup | undefined, some: Lookup | undefined): boolean {
  if (some === undefined) return true;
  return some.without.length === 0 && some.mask.every((word, i) => (word & ~(all?.mask[i] ?? 0)) === 0);
}

function lookup(asked: readonly Question[], words: number, rules: Lookup['rules']): Lookup | undefined {
  if (asked.length === 0) return undefined;
  const mask = new Uint32Array(words);
  const wanted = new Uint32Array(words);
  for (const { place, negated } of asked) {
    const bit = 1 << (place & 31);
    wanted[place >> 5]! |= bit;
    if (!negated) mask[place >> 5]! |= bit;
  }
  return { mask, wanted, rules, without: asked.filter(({ negated }) => negated) };
}

/** The questions of one family behind one node. */
export class QuestionGroup {
  readonly node: number;
  readonly family: number;
  readonly #questions: readonly Question[];
  readonly #tables: Tables;
  /** Presence bits that tell which of them a text can meet. */
  readonly #relevant: number;
  readonly #known = new Map<number, Query | null>();

  constructor(questions: readonly Question[], tables: Tables) {
    const { node, family } = questions[0] as Question;
    this.node = node;
    this.family = family;
    this.#questions = questions;
    this.#tables = tables;
    this.#relevant = questions.flatMap(({ needs }) => needs).reduce((all, need) => all | need, 0);
  }

  /** What is left to ask of a text that can have these presence bits; null: nothing. */
  queryFor(mayHold: number): Query | null {
    const bits = mayHold & this.#relevant;
    let query = this.#known.get(bits);
    if (query === undefined) {
      const open = this.#questions.filter(({ needs }) => meets(mayHold, needs));
      query = open.length === 0 ? null : new Query(open, this.#tables);
      this.#known.set(bits, query);
    }
    return query;
  }

  /** Forgets all queries, with what they were joined to. */
  forget(): void {
    this.#known.clear();
  }
}

/** The questions by node and family. */
export function groupsOf(questions: readonly Question[], sizes: readonly FamilySize[]): QuestionGroup[] {
  const tables = sizes.map((size, family): Tables => {
    // A rule that asks for a pattern behind one chain is named when it is found behind another too: one too many, seldom.
    const own = questions.filter((question) => question.family === family && !question.negated);
    return {
      ...size,
      patternRules: rulesByPlace(own.filter(({ form }) => form === 'pattern')),
      wordRules: rulesByPlace(own.filter(({ form }) => form === 'words')),
    };
  });
  const groups = Map.groupBy(questions, ({ node, family }) => node * sizes.length + family);
  return Array.from(groups.values(), (own) => new QuestionGroup(own, tables[(own[0] as Question).family] as Tables));
}

function rulesByPlace(questions: readonly Question[]): number[][] {
  const rules: number[][] = [];
  for (const { place, rule } of questions) {
    const same = rules[place];
    if (same === undefined) rules[place] = [rule];
    else if (!same.includes(rule)) same.push(rule);
  }
  return rules;
}
