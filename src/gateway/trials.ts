// Native rules of `mode: shadow`: they run with the others and add nothing. What each of them found, and what it would have
// stopped if it acted, is counted here.
import type { Outcome } from '../waf/finding.ts';
import type { Plan } from '../waf/plan.ts';
import type { Rule, Trial } from '../waf/rule.ts';
import { ChangeGroups } from './change-groups.ts';
import type { ShadowFigures } from './shadow.ts';

/** The requests that one site or more had judged by the same rules. */
export interface TrialFigures extends Omit<ShadowFigures, 'config' | 'dropped' | 'failed' | 'passes'> {
  readonly rule: Rule;
  readonly paranoia: number;
  /** Requests in which it found something. */
  readonly finds: number;
}

/** An exchange that is over. */
export interface Tried {
  readonly requestId: string;
  readonly site: string;
  readonly path: string;
}

interface Count {
  readonly rule: Rule;
  readonly trial: Trial;
  readonly groups: ChangeGroups;
  finds: number;
  stops: number;
}

export class Trials {
  readonly #paranoia: number;
  readonly #counts: ReadonlyMap<number, Count>;
  readonly #sites = new Set<string>();
  readonly #since = new Date().toISOString();
  #judged = 0;

  private constructor(paranoia: number, counts: ReadonlyMap<number, Count>) {
    this.#paranoia = paranoia;
    this.#counts = counts;
  }

  /** undefined: no rule of the plan is tried out. */
  static of({ steps }: Plan, paranoia: number): Trials | undefined {
    const counts = new Map<number, Count>();
    for (const { rule } of steps) {
      if (rule.trial === undefined) continue;
      counts.set(rule.id, { rule, trial: rule.trial, groups: new ChangeGroups(), finds: 0, stops: 0 });
    }
    return counts.size === 0 ? undefined : new Trials(paranoia, counts);
  }

  note({ findings, intervention, suppressed, score, threshold }: Outcome, { requestId, site, path }: Tried): void {
    this.#judged++;
    this.#sites.add(site);
    const isStopped = (intervention ?? suppressed) !== undefined;
    for (const { rule, fields } of findings) {
      const count = rule.trial === undefined ? undefined : this.#counts.get(rule.id);
      if (count === undefined) continue;
      const { side, points, paranoia } = count.trial;
      const stops = !isStopped && paranoia <= this.#paranoia && score[side] + points >= threshold[side];
      count.finds++;
      if (stops) count.stops++;
      const msg = rule.links.findLast((link) => link.msg !== undefined)?.msg ?? '';
      const changed = { name: requestId, path, isGood: false };
      count.groups.note(stops ? 'stops' : 'finds', changed, { id: rule.id, msg, fields });
    }
  }

  figures(): TrialFigures[] {
    const facts = { sites: this.#sites, since: this.#since, judged: this.#judged, paranoia: this.#paranoia };
    return Array.from(this.#counts.values(), ({ rule, groups, finds, stops }) => {
      return { ...facts, rule, finds, stops, groups: groups.all(), otherGroups: groups.others };
    });
  }
}
