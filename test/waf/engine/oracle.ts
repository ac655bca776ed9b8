// The slow engine that the fast one is compared with: every rule in order, every value of every target, the whole chain
// of transformations each time. No scan, nothing decided at load, nothing kept. Semantics: the ModSecurity reference manual.
import { Budget } from '../../../src/waf/budget.ts';
import type { EngineOptions } from '../../../src/waf/engine.ts';
import type { Finding, Intervention, Outcome } from '../../../src/waf/finding.ts';
import { addRequestHead, type RequestHead } from '../../../src/waf/request.ts';
import { addRequestBody } from '../../../src/waf/request-body.ts';
import { addResponseBody, addResponseHead, type ResponseHead } from '../../../src/waf/response.ts';
import type { Effect, Exclusion, Link, Marker, Phase, Rule, RuleSet, Target } from '../../../src/waf/rule.ts';
import type { Transaction } from '../../../src/waf/transaction.ts';
import { transform } from '../../../src/waf/transforms/registry.ts';
import type { TxValue } from '../../../src/waf/tx-store.ts';
import { emptyTransaction, isSelected, type Member, OracleState } from './oracle-state.ts';
import { answer, type Tester } from './oracle-test.ts';
import type { Runner } from './support.ts';

/** What several exchanges of one oracle have in common: the persistent collections. */
export class Oracle {
  readonly #ruleSet: RuleSet;
  readonly #options: EngineOptions;
  readonly #seeds: Readonly<Record<string, TxValue>>;
  readonly #test: Tester;
  readonly #kept = new Map<string, Map<string, TxValue>>();

  constructor(ruleSet: RuleSet, options: EngineOptions, seeds: Readonly<Record<string, TxValue>>, test: Tester) {
    this.#ruleSet = ruleSet;
    this.#options = options;
    this.#seeds = seeds;
    this.#test = test;
  }

  begin(): Runner {
    return new SlowInspection(this.#ruleSet, this.#options, this.#seeds, this.#test, this.#kept);
  }
}

interface Seen {
  readonly label: string;
  readonly value: string;
  readonly captured: readonly (string | undefined)[];
}

class SlowInspection implements Runner {
  readonly #items: readonly (Rule | Marker)[];
  readonly #options: EngineOptions;
  readonly #test: Tester;
  readonly #state: OracleState;
  readonly #given: Transaction;
  readonly #findings: Finding[] = [];
  #intervention: Intervention | undefined;
  #suppressed: Intervention | undefined;
  #allowedUpTo = 0;

  constructor(
    { items, settings }: RuleSet,
    options: EngineOptions,
    seeds: Readonly<Record<string, TxValue>>,
    test: Tester,
    kept: Map<string, Map<string, TxValue>>,
  ) {
    this.#items = items;
    this.#options = options;
    this.#test = test;
    this.#given = emptyTransaction(settings, options.mode, new Budget(Infinity));
    this.#state = new OracleState(this.#given, seeds, kept);
  }

  requestHead(head: RequestHead): Intervention | undefined {
    addRequestHead(this.#given, head, this.#options.body.maxArguments);
    return this.#run(1);
  }

  requestBody(body: Buffer, isPrefix: boolean): Intervention | undefined {
    const filling = addRequestBody(this.#given, body, isPrefix, this.#options.body);
    while (filling.next().done !== true);
    return this.#run(2);
  }

  responseHead(head: ResponseHead): Intervention | undefined {
    addResponseHead(this.#given, head);
    return this.#run(3);
  }

  responseBody(body: Buffer, isPrefix: boolean): Intervention | undefined {
    addResponseBody(this.#given, body, isPrefix);
    return this.#run(4);
  }

  finish(): Outcome {
    this.#run(5);
    const { auditLog } = this.#given;
    return {
      findings: this.#findings,
      intervention: this.#intervention,
      suppressed: this.#suppressed,
      auditLog,
      exceptionsUsed: undefined,
      score: {
        inbound: this.#state.firstNumber('blocking_inbound_anomaly_score', 'anomaly_score'),
        outbound: this.#state.firstNumber('blocking_outbound_anomaly_score', 'outbound_anomaly_score'),
      },
      threshold: {
        inbound: this.#state.firstNumber('inbound_anomaly_score_threshold'),
        outbound: this.#state.firstNumber('outbound_anomaly_score_threshold'),
      },
    };
  }

  #run(phase: Phase): Intervention | undefined {
    const isOver = this.#intervention !== undefined || phase <= this.#allowedUpTo;
    if (this.#given.mode !== 'off' && (phase === 5 || !isOver)) this.#runRules(phase);
    return this.#intervention;
  }

  #runRules(phase: Phase): void {
    let left = 0;
    let awaited: string | undefined;
    for (const item of this.#items) {
      if (item.kind === 'marker') {
        if (item.name === awaited) awaited = undefined;
        continue;
      }
      if (item.phase !== phase || awaited !== undefined) continue;
      if (left > 0) {
        left--;
        continue;
      }
      if (this.#state.isRemoved(item) || !this.#matches(item)) continue;
      if (item.skipAfter === undefined) left = item.skip;
      else awaited = item.skipAfter;
      if (this.#act(item, phase)) return;
    }
  }

  #matches(rule: Rule): boolean {
    const state = this.#state;
    state.rule = rule;
    state.matched = [];
    const seen: (Seen | undefined)[] = [];
    for (const link of rule.links) {
      if (!this.#holds(rule, link)) return false;
      const last = state.matched.at(-1);
      seen.push(last && { ...last, captured: state.captured });
    }
    state.highestSeverity = Math.min(state.highestSeverity, rule.severity ?? 255);
    if (rule.log) this.#findings.push(this.#describe(rule, seen));
    return true;
  }

  /** Each value that matches counts by itself: it is noted, and the link's effects happen for it. */
  #holds(rule: Rule, link: Link): boolean {
    if (link.targets.length === 0) this.#effects(link);
    let found = link.targets.length === 0;
    for (const target of link.targets) {
      for (const member of this.#members(target)) {
        if (this.#isTakenOut(rule, link, target, member)) continue;
        for (const value of this.#stages(link, member.value)) {
          const caught = this.#ask(link, value);
          if (caught === undefined) continue;
          found = true;
          if (link.capture) this.#state.captured = caught;
          this.#state.matched.push({ label: this.#label(target, member), value });
          this.#effects(link);
        }
      }
    }
    return found;
  }

  #members({ variable, selector, count }: Target): Member[] {
    const all = this.#state.members(variable, selector).filter(({ name }) => isSelected(selector, name));
    return count ? [{ name: selector?.kind === 'name' ? selector.name : '', value: String(all.length) }] : all;
  }

  /** By an exclusion of the link, or by what a rule, perhaps this one, has taken away before. */
  #isTakenOut(rule: Rule, link: Link, { variable, count }: Target, { name }: Member): boolean {
    const isMeant = (taken: Exclusion): boolean => taken.variable === variable && isSelected(taken.selector, name);
    if (!count && link.exclusions.some(isMeant)) return true;
    return this.#state.removedTargets.some(({ means, target }) => means(rule) && isMeant(target));
  }

  /** What the MATCHED_ variables hand on keeps the label that it had. */
  #label({ variable, count }: Target, { name }: Member): string {
    const label = `${count ? '&' : ''}${variable}${name === '' ? '' : `:${name}`}`;
    if (count || !variable.startsWith('MATCHED_')) return label;
    return name || (this.#state.matched.at(-1)?.label ?? label);
  }

  /** What the operator is asked of: the value as it came out, or with multiMatch each form that it had on the way. */
  #stages(link: Link, given: string): string[] {
    const stages = [given];
    for (const name of link.transforms) {
      const value = transform(name)!.apply(stages.at(-1)!);
      if (value !== stages.at(-1)) stages.push(value);
    }
    return link.multiMatch ? stages : stages.slice(-1);
  }

  #ask(link: Link, value: string): readonly (string | undefined)[] | undefined {
    return answer(link.operator, this.#state.expand(link.operator.argument), value, this.#test);
  }

  #effects({ effects }: Link): void {
    for (const effect of effects) this.#effect(effect);
  }

  #effect(effect: Effect): void {
    if (effect.kind === 'ctl') this.#state.control(effect.control);
    else this.#state.write(effect);
  }

  #describe(rule: Rule, seen: readonly (Seen | undefined)[]): Finding {
    const state = this.#state;
    const { matched, captured } = state;
    let msg = '';
    let data = '';
    for (const [i, link] of rule.links.entries()) {
      const then = seen[i];
      if (then !== undefined) {
        state.matched = [then];
        state.captured = then.captured;
      }
      if (link.msg !== undefined) msg = state.expand(link.msg);
      if (link.logdata !== undefined) data = state.expand(link.logdata);
    }
    state.matched = matched;
    state.captured = captured;
    const [head] = rule.links;
    const value = seen[0]?.value ?? '';
    const part = head === undefined || head.targets.length === 0 ? '' : (this.#ask(head, value)?.[0] ?? value);
    return { rule, target: seen[0]?.label ?? '', value, matched: part, raw: '', fields: [], points: 0, msg, data };
  }

  #act(rule: Rule, phase: Phase): boolean {
    const { disruptive } = rule;
    const { mode } = this.#given;
    if (disruptive.action === 'pass' || (phase === 5 && disruptive.action !== 'allow')) return false;
    if (disruptive.action === 'allow') {
      if (mode === 'on') this.#allowedUpTo = { all: 4, request: 2, phase }[disruptive.scope];
      return mode === 'on';
    }
    const intervention: Intervention = {
      action: disruptive.action,
      status: disruptive.action === 'drop' ? 403 : disruptive.status,
      location: disruptive.action === 'redirect' ? this.#state.expand(disruptive.location) : undefined,
      rule,
    };
    if (mode === 'on') this.#intervention = intervention;
    else this.#suppressed ??= intervention;
    return mode === 'on';
  }
}
