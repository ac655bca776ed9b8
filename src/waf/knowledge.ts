// What is certain about TX at one place of the rules, before any request is there.
import { parseTemplate, plainText, printTemplate, type Template } from './macro.ts';
import { compileMatcher } from './matcher.ts';
import type { Effect, Link, Rule, Target } from './rule.ts';
import { isCapture } from './target.ts';
import type { Transaction } from './transaction.ts';
import { captureNumber } from './transaction.ts';
import { transform } from './transforms/registry.ts';
import { integerOf, type TxValue } from './tx-store.ts';

type SetVariable = Effect & { kind: 'setvar' };

export class Knowledge {
  readonly #values: Map<string, TxValue>;
  readonly #doubtful: Set<string>;
  /** Beginnings of names that are made at run time. */
  readonly #doubtfulPrefixes: Set<string>;

  constructor(
    values: ReadonlyMap<string, TxValue>,
    doubtful: ReadonlySet<string> = new Set(),
    prefixes: ReadonlySet<string> = new Set(),
  ) {
    this.#values = new Map(values);
    this.#doubtful = new Set(doubtful);
    this.#doubtfulPrefixes = new Set(prefixes);
  }

  copy(): Knowledge {
    return new Knowledge(this.#values, this.#doubtful, this.#doubtfulPrefixes);
  }

  known(): ReadonlyMap<string, TxValue> {
    return new Map(this.#values);
  }

  /** This knowledge without all that the later one saw written. */
  doubting(later: Knowledge): Knowledge {
    const changed = [...later.#values].filter(([name, value]) => this.#values.get(name) !== value);
    const gone = [...this.#values.keys()].filter((name) => !later.#values.has(name));
    const doubtful = new Set([...later.#doubtful, ...changed.map(([name]) => name), ...gone]);
    const values = new Map([...this.#values].filter(([name]) => !doubtful.has(name)));
    return new Knowledge(values, doubtful, later.#doubtfulPrefixes);
  }

  /** Whether the link matches for every request (true) or for none (false); undefined: it depends. */
  holds(link: Link): boolean | undefined {
    const argument = parseTemplate(link.operator.argument);
    if (plainText(argument) === undefined || link.multiMatch || link.exclusions.length > 0) return undefined;
    if (link.operator.name === 'unconditionalmatch') return true;
    const values: string[] = [];
    for (const target of link.targets) {
      const value = this.#valueOf(target);
      if (value === undefined) return undefined;
      if (value !== 'absent') values.push(value.text);
    }
    const matcher = compileMatcher(link.operator);
    // A plain argument needs nothing of a transaction.
    return values.some((value) => matcher.holds(applyAll(link, value), undefined as unknown as Transaction));
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
    const links = rule.links.map((link, i) => {
      const argument = (i === 0 ? this : inside).#fill(link.operator.argument);
      // What the rule itself writes is no longer certain within it.
      for (const effect of link.effects) inside.doubt(effect);
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
    const isRelative = effect.change === 'add' || effect.change === 'subtract';
    return !isRelative || !this.#isDoubtful(effect.name);
  }

  apply(effect: Effect): void {
    const { name, change, value } = effect as SetVariable;
    this.#doubtful.delete(name);
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
