// The exceptions of one site or route while requests come: which of them hold for a request now, and which were needed.
import type { ExceptionConfig } from '../config/model/waf.ts';
import type { Exchange } from '../http/exchange.ts';
import { compileMatch, type Matcher, type RouteSubject } from '../route/match.ts';
import { type CompiledException, compileException, exemptionOf } from '../waf/exceptions.ts';
import type { Exemption } from '../waf/exemption.ts';
import type { Plan } from '../waf/plan.ts';
import { expiresAt } from './exception-expiry.ts';

/** Combinations of exceptions that are kept ready; with more they are put together for each request. */
const MAX_KNOWN = 64;

interface Held {
  readonly config: ExceptionConfig;
  /** undefined: it holds for every request. */
  readonly matches: Matcher | undefined;
  readonly expiresAt: number;
}

/** How often an exception made a difference. */
export interface ExceptionUse {
  readonly config: ExceptionConfig;
  count: number;
  /** Milliseconds since the epoch; 0: never. */
  lastAt: number;
}

export class Exceptions {
  readonly uses: readonly ExceptionUse[];
  /** Since when they are counted. RFC 3339, UTC. */
  readonly since: string = new Date().toISOString();
  readonly #compiled: readonly CompiledException[];
  readonly #held: readonly Held[];
  readonly #known = new Map<string, Exemption | undefined>();

  /** The exceptions must have been checked. */
  constructor(configs: readonly ExceptionConfig[], plan: Plan) {
    this.uses = configs.map((config) => ({ config, count: 0, lastAt: 0 }));
    this.#compiled = configs.map((config) => compileException(config, plan));
    this.#held = configs.map((config) => ({ config, matches: matcherOf(config), expiresAt: expiresAt(config) }));
  }

  /** What a request is spared; undefined: nothing. `now`: milliseconds since the epoch. */
  for(subject: RouteSubject, now: number): Exemption | undefined {
    let key = '';
    for (let number = 0; number < this.#held.length; number++) {
      const { matches, expiresAt } = this.#held[number] as Held;
      if (now >= expiresAt || matches?.(subject) === false) continue;
      key += `${number},`;
    }
    if (key === '') return undefined;
    let exemption = this.#known.get(key);
    if (exemption === undefined) {
      exemption = exemptionOf(this.#compiled, key.slice(0, -1).split(',').map(Number));
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(key, exemption);
    }
    return exemption;
  }

  /** Counts those without which a rule would have matched. */
  note(numbers: ReadonlySet<number>, now: number): void {
    for (const number of numbers) {
      const use = this.uses[number];
      if (use === undefined) continue;
      use.count++;
      use.lastAt = now;
    }
  }
}

/** The requests that an exception is for; undefined: all. Of what has no path, none that is for paths. */
export function matcherOf({ path, method }: Pick<ExceptionConfig, 'path' | 'method'>): Matcher | undefined {
  if (path === undefined && method === undefined) return undefined;
  const matches = compileMatch({ path, method, header: undefined, query: undefined, client: undefined });
  return path === undefined ? matches : (subject) => subject.path !== '' && matches(subject);
}

/** What an exchange is spared now. */
export function exemptionFor({ request, client }: Exchange, exceptions: Exceptions | undefined): Exemption | undefined {
  if (exceptions === undefined) return undefined;
  const { method, path, query, headers } = request;
  return exceptions.for({ method, path, query, headers, client }, Date.now());
}
