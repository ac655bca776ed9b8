// The rules of a site or route, loaded and compiled: what a `waf` section of the configuration becomes. Rule sets with
// the same text and the same settings are compiled once, however many sites use them.
import path from 'node:path';
import type { Problem } from '../base/errors.ts';
import type { Config, RuleSource, WafConfig } from '../config/config.ts';
import { compilePlan } from '../waf/compile.ts';
import { Engine } from '../waf/engine.ts';
import type { Plan } from '../waf/plan.ts';
import { seedsOf } from '../waf/score.ts';
import { type LoadedRules, loadRules } from '../waf/sources.ts';
import { warmUp } from '../waf/warm-up.ts';

/** How the rules of a route are run. */
export interface Guard {
  readonly config: WafConfig;
  readonly engine: Engine;
  /** Whether bodies of a media type (lower case, without parameters) are inspected. */
  inspectsType(type: string): boolean;
}

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
  readonly #baseDir: string;
  readonly #loaded = new Map<string, { readonly rules: LoadedRules; readonly loadMs: number }>();
  readonly #plans: Map<string, Plan>;
  readonly #figuresOf = new Map<Plan, RuleFigures>();
  /** Compiled for an earlier configuration and perhaps used again. */
  readonly #earlier: ReadonlyMap<string, Plan>;

  constructor(config: Config, earlier?: Guards) {
    this.#baseDir = config.file === undefined ? process.cwd() : path.dirname(config.file);
    this.#plans = new Map();
    this.#earlier = earlier?.plans ?? new Map();
    for (const { name, routes } of config.sites)
      for (const { waf } of routes) if (waf !== undefined) this.#use(waf, name);
  }

  /** All that rules were read from, and their folders. */
  get files(): string[] {
    return [...this.#loaded.values()].flatMap(({ rules }) => rules.files);
  }

  get plans(): ReadonlyMap<string, Plan> {
    return this.#plans;
  }

  /** undefined: there are no rules, or they cannot be loaded and `problems` says why. */
  guard(waf: WafConfig | undefined): Guard | undefined {
    const plan = waf === undefined ? undefined : this.#plan(waf);
    if (waf === undefined || plan === undefined) return undefined;
    const engine = new Engine(plan, {
      mode: waf.mode === 'block' ? 'on' : 'detectionOnly',
      budgetMs: waf.budgetMs,
      body: { maxArguments: waf.body.arguments, maxDepth: waf.body.depth },
    });
    return { config: waf, engine, inspectsType: (type) => waf.responseTypes.some((known) => covers(known, type)) };
  }

  /** Compiles what a site needs, or finds it, and notes who uses it. */
  #use(waf: WafConfig, site: string): void {
    const plan = this.#plan(waf);
    const figures = plan === undefined ? undefined : this.#figuresOf.get(plan);
    if (figures !== undefined && !figures.sites.includes(site)) figures.sites.push(site);
  }

  #plan(waf: WafConfig): Plan | undefined {
    const { rules, loadMs } = this.#load(waf.rules);
    if (rules.problems.length > 0) return undefined;
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

  #load(sources: readonly RuleSource[]): { readonly rules: LoadedRules; readonly loadMs: number } {
    const key = JSON.stringify(sources);
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const startedAt = performance.now();
    const rules = loadRules(sources, this.#baseDir);
    const loaded = { rules, loadMs: performance.now() - startedAt };
    this.#loaded.set(key, loaded);
    this.problems.push(...rules.problems);
    this.notices.push(...rules.notices);
    return loaded;
  }
}

/** `text/*` covers `text/html`. */
function covers(known: string, type: string): boolean {
  return known === type || known === '*/*' || (known.endsWith('/*') && type.startsWith(known.slice(0, -1)));
}

function nameOf(source: RuleSource): string {
  return 'core' in source ? 'core' : 'crs' in source ? source.crs : source.files;
}
