// The rules of a site or route, loaded and compiled: what a `waf` section of the configuration becomes. Rule sets with
// the same text and the same settings are compiled once, however many sites use them.
import path from 'node:path';
import type { Problem } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import type { RuleSource, ShadowConfig, WafConfig } from '../config/model/waf.ts';
import { compilePlan } from '../waf/compile.ts';
import { Engine } from '../waf/engine.ts';
import type { Plan } from '../waf/plan.ts';
import { rolesOf } from '../waf/rule-role.ts';
import { seedsOf } from '../waf/score.ts';
import { type LoadedRules, loadRules } from '../waf/sources.ts';
import { warmUp } from '../waf/warm-up.ts';
import { checkExceptions } from './exception-check.ts';
import { Exceptions } from './exceptions.ts';
import type { Guard, ShadowGuard } from './guard.ts';
import { RulesWatch } from './inspect.ts';
import { Shadow } from './shadow.ts';
import { Trials } from './trials.ts';

/** What one compiled rule set costs. */
export interface RuleFigures {
  readonly name: string;
  readonly paranoia: number;
  /** The sites that use it, as a whole or on a route. */
  readonly sites: string[];
  readonly rules: number;
  /** Those that are left after everything was decided that no request can change. */
  readonly activeRules: number;
  readonly loadMs: number;
  readonly compileMs: number;
  readonly memoryBytes: number;
}

/** The guards of one configuration. */
export class Guards {
  readonly problems: Problem[] = [];
  readonly notices: Problem[] = [];
  readonly figures: RuleFigures[] = [];
  /** Of all guards that were handed out. */
  readonly exceptions: Exceptions[] = [];
  readonly #shadows = new Map<string, Shadow>();
  readonly #trials = new Map<Plan, Trials>();
  readonly #baseDir: string;
  readonly #loaded = new Map<string, Loaded>();
  readonly #plans: Map<string, Plan>;
  readonly #figuresOf = new Map<Plan, RuleFigures>();
  /** Compiled for an earlier configuration and perhaps used again. */
  readonly #earlier: ReadonlyMap<string, Plan>;
  readonly #earlierLoaded: ReadonlyMap<string, Loaded>;
  readonly #earlierShadows: ReadonlyMap<string, Shadow>;
  readonly #earlierTrials: ReadonlyMap<Plan, Trials>;

  constructor(config: Config, earlier?: Guards) {
    this.#baseDir = config.file === undefined ? process.cwd() : path.dirname(config.file);
    this.#plans = new Map();
    this.#earlier = earlier?.plans ?? new Map();
    this.#earlierLoaded = earlier === undefined ? new Map() : earlier.#loaded;
    this.#earlierShadows = earlier === undefined ? new Map() : earlier.#shadows;
    this.#earlierTrials = earlier === undefined ? new Map() : earlier.#trials;
    for (const { name, routes } of config.sites)
      for (const { waf } of routes) if (waf !== undefined) this.#use(waf, name);
  }

  /** All that rules were read from, and their folders. */
  get files(): string[] {
    return [...this.#loaded.values()].flatMap(({ rules }) => rules.files);
  }

  /** What is scored beside; a site and its routes share one. */
  get shadows(): readonly Shadow[] {
    return [...this.#shadows.values()];
  }

  /** Single rules that are tried out, of all guards that were handed out. */
  get trials(): readonly Trials[] {
    return [...this.#trials.values()];
  }

  get plans(): ReadonlyMap<string, Plan> {
    return this.#plans;
  }

  /** undefined: there are no rules, or they cannot be loaded and `problems` says why. */
  guard(waf: WafConfig | undefined): Guard | undefined {
    const plan = waf === undefined ? undefined : this.#plan(waf);
    if (waf === undefined || plan === undefined) return undefined;
    const engine = engineOf(waf, plan, waf.mode === 'block' ? 'on' : 'detectionOnly');
    const exceptions = waf.exceptions.length === 0 ? undefined : new Exceptions(waf.exceptions, plan);
    if (exceptions !== undefined) this.exceptions.push(exceptions);
    const guard: Guard = {
      config: waf,
      engine,
      exceptions,
      shadow: this.#shadow(waf),
      trials: this.#trialsOf(plan, waf),
      inspectsType: (type) => waf.responseTypes.some((known) => covers(known, type)),
      watch: (x, records, stream) => new RulesWatch(x, guard, records, stream),
    };
    return guard;
  }

  /** A plan belongs to one level of paranoia and one threshold; where it is carried over, so is what was counted. */
  #trialsOf(plan: Plan, { paranoia }: WafConfig): Trials | undefined {
    const trials = this.#trials.get(plan) ?? this.#earlierTrials.get(plan) ?? Trials.of(plan, paranoia);
    if (trials !== undefined) this.#trials.set(plan, trials);
    return trials;
  }

  #shadow(waf: WafConfig): ShadowGuard | undefined {
    if (waf.shadow === undefined) return undefined;
    const plan = this.#plan(shadowOf(waf, waf.shadow));
    if (plan === undefined) return undefined;
    // One that is as it was goes on counting, wherever it stands in the file now.
    const key = JSON.stringify([{ ...waf.shadow, place: undefined }, waf.budgetMs, waf.body]);
    const known = this.#shadows.get(key) ?? this.#earlierShadows.get(key);
    const shadow = known?.engine.plan === plan ? known : new Shadow(waf.shadow, engineOf(waf, plan, 'detectionOnly'));
    this.#shadows.set(key, shadow);
    return { shadow, exceptions: waf.exceptions.length === 0 ? undefined : new Exceptions(waf.exceptions, plan) };
  }

  /** Compiles what a site needs, or finds it, and notes who uses it. */
  #use(waf: WafConfig, site: string): void {
    if (waf.shadow !== undefined) this.#use(shadowOf(waf, waf.shadow), `${site} (shadow)`);
    const plan = this.#plan(waf);
    const figures = plan === undefined ? undefined : this.#figuresOf.get(plan);
    if (figures !== undefined && !figures.sites.includes(site)) figures.sites.push(site);
  }

  #plan(waf: WafConfig): Plan | undefined {
    const { rules, loadMs } = this.#load(waf.rules);
    if (rules.problems.length > 0 || !this.#areFit(waf, rules)) return undefined;
    const seeds = seedsOf(waf);
    const key = `${rules.hash} ${JSON.stringify([...seeds])}`;
    let plan = this.#plans.get(key);
    if (plan !== undefined) return plan;
    const before = process.memoryUsage();
    const startedAt = performance.now();
    plan = this.#earlier.get(key) ?? warmUp(compilePlan(rules.ruleSet, seeds));
    const after = process.memoryUsage();
    this.#plans.set(key, plan);
    const figures: RuleFigures = {
      name: waf.rules.map(nameOf).join(', '),
      paranoia: waf.paranoia,
      sites: [],
      rules: plan.ruleCount,
      activeRules: plan.steps.length,
      loadMs: Math.round(loadMs),
      compileMs: Math.round(performance.now() - startedAt),
      memoryBytes:
        Math.max(0, after.heapUsed - before.heapUsed) + Math.max(0, after.arrayBuffers - before.arrayBuffers),
    };
    this.figures.push(figures);
    this.#figuresOf.set(plan, figures);
    return plan;
  }

  /** Whether the exceptions can be used with the rules. Those of a site come by with each of its routes. */
  #areFit({ exceptions }: WafConfig, { ruleSet }: LoadedRules): boolean {
    const { problems, notices } = checkExceptions(exceptions, ruleSet, Date.now());
    addNew(this.problems, problems);
    addNew(this.notices, notices);
    return problems.length === 0;
  }

  #load(sources: readonly RuleSource[]): Loaded {
    const key = JSON.stringify(sources);
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const startedAt = performance.now();
    const earlier = this.#earlierLoaded.get(key)?.rules;
    const rules = earlier?.isStill() === true ? earlier : loadRules(sources, this.#baseDir);
    const loaded = { rules, loadMs: performance.now() - startedAt };
    this.#loaded.set(key, loaded);
    this.problems.push(...rules.problems);
    this.notices.push(...rules.notices);
    if (rules.problems.length === 0 && !findsAnything(rules)) {
      const message = 'the rules are on, but no rule is loaded that finds anything';
      this.notices.push({ file: sources.map(nameOf).join(', '), line: 0, column: 0, code: 'no-rules', message });
    }
    return loaded;
  }
}

interface Loaded {
  readonly rules: LoadedRules;
  readonly loadMs: number;
}

function engineOf(waf: WafConfig, plan: Plan, mode: 'on' | 'detectionOnly'): Engine {
  const body = { maxArguments: waf.body.arguments, maxDepth: waf.body.depth };
  return new Engine(plan, { mode, budgetMs: waf.budgetMs, body });
}

function shadowOf(waf: WafConfig, { rules, paranoia, detectionParanoia, threshold }: ShadowConfig): WafConfig {
  return { ...waf, mode: 'detect', rules, paranoia, detectionParanoia, threshold, shadow: undefined };
}

function addNew(list: Problem[], found: readonly Problem[]): void {
  for (const problem of found) {
    if (!list.some((known) => known.line === problem.line && known.message === problem.message)) list.push(problem);
  }
}

/** Besides the engine's own rules. */
function findsAnything({ ruleSet }: LoadedRules): boolean {
  const rules = ruleSet.items.filter((item) => item.kind === 'rule');
  const roles = rolesOf(rules);
  return rules.some((rule) => rule.source.file !== 'built-in' && roles.of(rule) === 'detects');
}

/** `text/*` covers `text/html`. */
function covers(known: string, type: string): boolean {
  return known === type || known === '*/*' || (known.endsWith('/*') && type.startsWith(known.slice(0, -1)));
}

/** As the configuration has it. */
export function nameOf(source: RuleSource): string {
  return 'core' in source ? 'core' : 'crs' in source ? source.crs : source.files;
}
