// What is certain about TX at one place of the rules, before any request is there.

import { captureNumber } from './captures.ts';
import { parseTemplate, plainText, printTemplate, type Template } from './macro.ts';
import { compileMatcher } from './matcher.ts';
import type { Effect, Link, Rule, Target } from './rule.ts';
import { isCapture } from './target.ts';
import type { Transaction } from './transaction.ts';
import { transform } from './transforms/registry.ts';
import { integerOf, type TxValue } from './tx-store.ts';

type SetVariable = Effect & { kind: 'setvar' };

export class Knowledge {
  readonly #values: Map<string, TxValue>;
  readonly #doubtful: Set<string>;
  /** Beginnings of names that are made at run time. */
  readonly #doubtfulPrefixes: Set<string>;
  /** Every name that was written so far. */
  readonly #touched: Set<string>;

  constructor(
    values: ReadonlyMap<string, TxValue>,
    doubtful: ReadonlySet<string> = new Set(),
    prefixes: ReadonlySet<string> = new Set(),
    touched: ReadonlySet<string> = new Set(),
  ) {
    this.#values = new Map(values);
    this.#doubtful = new Set(doubtful);
    this.#doubtfulPrefixes = new Set(prefixes);
    this.#touched = new Set(touched);
  }

  copy(): Knowledge {
    return new Knowledge(this.#values, this.#doubtful, this.#doubtfulPrefixes, this.#touched);
  }

  known(): ReadonlyMap<string, TxValue> {
    return new Map(this.#values);
  }

  /** This knowledge without all names that were written, certainly or perhaps, on the way to the later one. */
  doubting(later: Knowledge): Knowledge {
    const doubtful = new Set([...this.#doubtful, ...later.#touched]);
    const values = new Map([...this.#values].filter(([name]) => !doubtful.has(name)));
    return new Knowledge(values, doubtful, later.#doubtfulPrefixes, later.#touched);
  }

  /** How many values of the link match, for every request; undefined: it depends. */
  matchCount(link: Link): number | undefined {
    if (link.targets.length === 0) return 1;
    const argument = parseTemplate(link.operator.argument);
    if (plainText(argument) === undefined || link.multiMatch || link.exclusions.length > 0) return undefined;
    const values: string[] = [];
    for (const target of link.targets) {
      const value = this.#valueOf(target);
      if (value === undefined) return undefined;
      if (value !== 'absent') values.push(value.text);
    }
    const matcher = compileMatcher(link.operator);
    // A plain argument needs nothing of a transaction.
    return values.filter((value) => matcher.holds(applyAll(link, value), {} as Transaction)).length;
  }

  #valueOf(target: Target): { text: string } | 'absent' | undefined {
    if (target.variable !== 'TX' || target.selector?.kind !== 'name' || isCapture(target)) return undefined;
    const { name } = target.selector;
    if (this.#isDoubtful(name)) return undefined;
    const value = this.#values.get(name);
    if (target.count) return { text: value === undefined ? '0' : '1' };
    return value === undefined ? 'absent' : { text: String(value) };
  }

  /** The rule with every macro filled in whose value is certain. */
  substitute(rule: Rule): Rule {
    const inside = this.copy();
    const links = rule.links.map((link) => {
      // What the rule itself writes is no longer certain within it: effects happen between one value and the next.
      for (const effect of link.effects) inside.doubt(effect);
      const argument = inside.#fill(link.operator.argument);
      const effects = link.effects.map((effect) =>
        effect.kind === 'setvar' ? { ...effect, value: inside.#fill(effect.value) } : effect,
      );
      return { ...link, operator: { ...link.operator, argument }, effects };
    });
    return { ...rule, links };
  }

  #fill(text: string): string {
    if (!text.includes('%{')) return text;
    const pieces: Template = parseTemplate(text).map((piece) => {
      if (typeof piece === 'string' || piece.variable !== 'TX' || piece.key === undefined) return piece;
      if (captureNumber(piece.key) !== undefined || this.#isDoubtful(piece.key)) return piece;
      const value = String(this.#values.get(piece.key) ?? '');
      return value.includes('%{') ? piece : value;
    });
    return printTemplate(pieces);
  }

  canApply(effect: Effect): boolean {
    if (effect.kind !== 'setvar' || effect.collection !== 'tx') return false;
    if (effect.name.includes('%{') || effect.value.includes('%{')) return false;
    // TX.0 to TX.9 are gone with the next capture.
    if (captureNumber(effect.name) !== undefined) return false;
    const isRelative = effect.change === 'add' || effect.change === 'subtract';
    return !isRelative || !this.#isDoubtful(effect.name);
  }

  apply(effect: Effect): void {
    const { name, change, value } = effect as SetVariable;
    this.#doubtful.delete(name);
    this.#touched.add(name);
    const before = integerOf(this.#values.get(name));
    if (change === 'unset') this.#values.delete(name);
    else if (change === 'set') this.#values.set(name, value);
    else this.#values.set(name, change === 'add' ? before + integerOf(value) : before - integerOf(value));
  }

  /** The effect may happen or not, or nobody knows with what. */
  doubt(effect: Effect): void {
    if (effect.kind !== 'setvar' || effect.collection !== 'tx') return;
    const macro = effect.name.indexOf('%{');
    if (macro !== -1) {
      this.#doubtfulPrefixes.add(effect.name.slice(0, macro));
      return;
    }
    this.#doubtful.add(effect.name);
    this.#touched.add(effect.name);
    this.#values.delete(effect.name);
  }

  #isDoubtful(name: string): boolean {
    if (this.#doubtful.has(name)) return true;
    for (const prefix of this.#doubtfulPrefixes) if (name.startsWith(prefix)) return true;
    return false;
  }
}

function applyAll(link: Link, value: string): string {
  return link.transforms.reduce((text, name) => transform(name)?.apply(text) ?? text, value);
}
