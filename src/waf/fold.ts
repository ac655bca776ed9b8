// Partial evaluation: what the rules decide from settings alone is decided once, at load. Rules of paranoia levels
// that are off disappear, limits taken from TX become constants, and what is left runs for each exchange.
// It never changes what a rule set means: where a request could make a difference, the rule stays.
import { Knowledge } from './knowledge.ts';
import type { Effect, Marker, Phase, Rule, RuleSet } from './rule.ts';
import { compileRuleSelector } from './selection.ts';
import { SpokenNames } from './spoken-names.ts';
import type { TxValue } from './tx-store.ts';

/** A rule that is left, with its place in the files and the place behind which a match goes on. */
export interface PlannedRule {
  readonly rule: Rule;
  readonly order: number;
  readonly resumeAfter: number;
}

export interface Folded {
  /** Five lists, phase 1 first. */
  readonly phases: readonly (readonly PlannedRule[])[];
  readonly initial: ReadonlyMap<string, TxValue>;
}

interface PhaseState {
  readonly phase: Phase;
  readonly kept: PlannedRule[];
  /** Where kept rules may jump to: what stands before is perhaps never reached, so its effects are not certain. */
  readonly landings: number[];
}

const PHASES: readonly Phase[] = [1, 2, 3, 4, 5];

export function foldRules(ruleSet: RuleSet, seeds: ReadonlyMap<string, TxValue>): Folded {
  return new Folder(ruleSet, seeds).fold();
}

class Folder {
  readonly #items: readonly (Rule | Marker)[];
  #known: Knowledge;
  /** What is known of TX before the first rule that must run; later writes happen at run time. */
  #initial: Knowledge | undefined;
  readonly #removals: ((rule: Rule) => boolean)[] = [];
  /** Rules from which a request can take away what they look at in TX. */
  readonly #blindings: ((rule: Rule) => boolean)[] = [];
  #mayLeavePhasesOut = false;
  /** What the rules that must run speak of. */
  readonly #spoken = new SpokenNames();
  /** One of them may end the exchange, or its phase. */
  #mayEnd = false;

  constructor(ruleSet: RuleSet, seeds: ReadonlyMap<string, TxValue>) {
    this.#items = ruleSet.items;
    this.#known = new Knowledge(seeds);
  }

  fold(): Folded {
    const phases = PHASES.map((phase) => this.#foldPhase(phase));
    return { phases, initial: (this.#initial ?? this.#known).known() };
  }

  #foldPhase(phase: Phase): PlannedRule[] {
    // After an intervention phase 5 comes at once, and `allow` leaves phases out: what they write is not certain then.
    if (this.#initial !== undefined && (phase === 5 || this.#mayLeavePhasesOut)) {
      this.#known = this.#initial.doubting(this.#known);
    }
    const state: PhaseState = { phase, kept: [], landings: [-1] };
    let next = 0;
    while (next < this.#items.length) {
      const order = next++;
      const item = this.#items[order] as Rule | Marker;
      if (item.kind === 'rule' && item.phase === phase) next = this.#foldRule(item, order, state);
    }
    return state.kept;
  }

  /** The order of the item to go on with. */
  #foldRule(written: Rule, order: number, state: PhaseState): number {
    const rule = this.#known.substitute(written);
    const resumeAfter = this.#jump(rule, order);
    const verdict = this.#verdict(rule);
    if (verdict === 'never') return order + 1;
    if (verdict === 'always' && !this.#mayBeRemoved(rule, order, resumeAfter)) {
      const isCertain = order > Math.max(...state.landings);
      if (isSilent(rule) && this.#absorb(rule, isCertain, state) && !landsWithin(state, order, resumeAfter))
        return resumeAfter + 1;
      this.#keep(rule, order, resumeAfter, state, isCertain);
      return order + 1;
    }
    this.#keep(rule, order, resumeAfter, state, false);
    return order + 1;
  }

  /** Applies the effects of a rule that always matches, when nothing has to happen at run time for it. */
  #absorb(rule: Rule, isCertain: boolean, { phase }: PhaseState): boolean {
    const effects = rule.links.flatMap((link) => link.effects);
    if (effects.length === 0) return true;
    if (!isCertain || !effects.every((effect) => this.#known.canApply(effect))) return false;
    if (this.#initial !== undefined && !(phase === 1 && effects.every((effect) => this.#maySetEarlier(effect))))
      return false;
    for (const effect of effects) {
      this.#known.apply(effect);
      this.#initial?.apply(effect);
    }
    return true;
  }

  /** Whether it is the same to all rules that must run if the variable is set before the first of them. */
  #maySetEarlier(effect: Effect): boolean {
    return !this.#mayEnd && effect.kind === 'setvar' && !this.#spoken.has(effect.name);
  }

  #keep(rule: Rule, order: number, resumeAfter: number, state: PhaseState, isCertain: boolean): void {
    this.#initial ??= this.#known.copy();
    this.#spoken.add(rule);
    if (rule.disruptive.action !== 'pass') this.#mayEnd = true;
    state.kept.push({ rule, order, resumeAfter });
    for (const effect of rule.links.flatMap((link) => link.effects)) {
      if (isCertain && this.#known.canApply(effect)) this.#known.apply(effect);
      else this.#known.doubt(effect);
      this.#remember(effect);
    }
    if (resumeAfter > order) state.landings.push(resumeAfter);
    if (rule.disruptive.action !== 'allow') return;
    this.#mayLeavePhasesOut = true;
    state.landings.push(this.#items.length);
  }

  #remember(effect: Effect): void {
    if (effect.kind !== 'ctl') return;
    const { control } = effect;
    if (control.option === 'ruleRemove') this.#removals.push(compileRuleSelector(control.rules));
    if (control.option === 'ruleRemoveTarget' && control.target.variable === 'TX') {
      this.#blindings.push(compileRuleSelector(control.rules));
    }
  }

  /**
   * Whether a removal at run time could make a difference: it takes this rule, and not at the same time all that
   * this rule jumps over.
   */
  #mayBeRemoved(rule: Rule, order: number, resumeAfter: number): boolean {
    if (this.#blindings.some((blinds) => blinds(rule))) return true;
    const isGate = resumeAfter > order && rule.links.every((link) => link.effects.length === 0);
    return this.#removals.some((removes) => {
      if (!removes(rule)) return false;
      if (!isGate) return true;
      const region = this.#items.slice(order + 1, resumeAfter + 1);
      return region.some((item) => item.kind === 'rule' && item.phase === rule.phase && !removes(item));
    });
  }

  #verdict(rule: Rule): 'always' | 'never' | 'perhaps' {
    let isCertain = true;
    for (const link of rule.links) {
      const count = this.#known.matchCount(link);
      if (count === 0) return 'never';
      // Effects happen once for each value that matches, and a target may read what an earlier one's match has written.
      const isRepeated = (count ?? 0) > 1 || link.targets.length > 1;
      if (count === undefined || (isRepeated && link.effects.length > 0)) isCertain = false;
      // What a link does or catches, a later one may read; and it stays done even when a later one fails.
      if ((link.effects.length > 0 || link.capture) && link !== rule.links.at(-1)) return 'perhaps';
    }
    return isCertain ? 'always' : 'perhaps';
  }

  #jump(rule: Rule, order: number): number {
    if (rule.skipAfter !== undefined) {
      const marker = this.#items.findIndex(
        (item, place) => place > order && item.kind === 'marker' && item.name === rule.skipAfter,
      );
      return marker === -1 ? this.#items.length : marker;
    }
    let left = rule.skip;
    let place = order;
    while (left > 0 && place + 1 < this.#items.length) {
      const item = this.#items[++place] as Rule | Marker;
      if (item.kind === 'rule' && item.phase === rule.phase) left--;
    }
    return place;
  }
}

/** Somebody may jump into the middle of what would be left out. */
function landsWithin({ landings }: PhaseState, order: number, resumeAfter: number): boolean {
  return landings.some((landing) => landing >= order && landing < resumeAfter);
}

/** Nothing of it is seen outside or left behind: no line, no intervention, no capture, no severity. */
function isSilent(rule: Rule): boolean {
  const leavesTrace = rule.severity !== undefined || rule.links.some(({ capture }) => capture);
  return !rule.log && rule.disruptive.action === 'pass' && !leavesTrace;
}
