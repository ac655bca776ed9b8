// Past requests under other rules: which would be stopped that passed, and which would pass that were stopped; grouped by
// what it is about.
import { type ChangeGroup, ChangeGroups } from '../../gateway/change-groups.ts';
import { canonicalTarget } from '../../http/target.ts';
import type { Judge } from './judge.ts';
import type { PastRequest } from './request.ts';

export interface Comparison {
  requests: number;
  /** Of no site with rules. */
  unguarded: number;
  stopped: number;
  /** Passed before, or nobody knows. */
  newlyStopped: number;
  newlyPassing: number;
  /** Stopped for what is not in the recording: nobody can tell whether they would pass. */
  untold: number;
  good: number;
  /** Good ones that would be stopped. */
  goodStopped: number;
  readonly groups: ChangeGroup[];
  /** Groups beyond the bound that are not shown. */
  otherGroups: number;
}

/** `before`: the rules whose verdicts are compared with, in place of the recorded ones. */
export function compareAll(
  requests: Iterable<PastRequest>,
  judge: Judge,
  before: Judge | undefined,
  now: number,
): Comparison {
  const comparing = new Comparing();
  for (const request of requests) comparing.add(request, judge, before, now);
  return comparing.result();
}

class Comparing {
  readonly #groups = new ChangeGroups();
  readonly #sums = {
    requests: 0,
    unguarded: 0,
    stopped: 0,
    newlyStopped: 0,
    newlyPassing: 0,
    untold: 0,
    good: 0,
    goodStopped: 0,
  };

  add(past: PastRequest, judge: Judge, before: Judge | undefined, now: number): void {
    const sums = this.#sums;
    sums.requests++;
    if (past.isGood) sums.good++;
    const after = judge.judge(past, now);
    if (after === undefined) {
      sums.unguarded++;
      return;
    }
    const earlier = before?.judge(past, now);
    const wasStopped = before === undefined ? past.wasStopped : (earlier?.isStopped ?? false);
    const changed = { name: past.name, path: pathOf(past), isGood: past.isGood };
    if (after.isStopped) sums.stopped++;
    if (after.isStopped && past.isGood) sums.goodStopped++;
    if (after.isStopped && (wasStopped !== true || past.isGood)) {
      if (wasStopped !== true) sums.newlyStopped++;
      for (const rule of after.rules) this.#groups.note('stops', changed, rule);
    } else if (!after.isStopped && wasStopped === true) {
      if (before === undefined && past.rules.some(({ isHidden }) => isHidden === true)) {
        sums.untold++;
        return;
      }
      sums.newlyPassing++;
      const rules = earlier?.rules ?? past.rules.map((rule) => ({ ...rule, msg: '' }));
      for (const rule of rules) this.#groups.note('passes', changed, rule);
    }
  }

  result(): Comparison {
    return { ...this.#sums, groups: this.#groups.all(), otherGroups: this.#groups.others };
  }
}

function pathOf({ target }: PastRequest): string {
  const canonical = canonicalTarget(target);
  return typeof canonical === 'string' ? (target.split('?', 1)[0] as string) : canonical.path;
}
