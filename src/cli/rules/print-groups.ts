// Changes of verdicts for people: what they are about, and how often.
import type { ChangeGroup } from '../../gateway/change-groups.ts';
import { print } from '../outcome.ts';

/** Groups that people are shown. */
const MAX_SHOWN = 50;

const TITLES = { stops: 'would be stopped', passes: 'would pass', finds: 'found, and the verdict stays' } as const;

export function printGroups(groups: readonly ChangeGroup[], others: number): void {
  for (const change of ['stops', 'passes', 'finds'] as const) {
    const own = groups.filter((group) => group.change === change);
    if (own.length > 0) print(`\n${TITLES[change]}`);
    for (const { rule, field, path, count, good, msg, samples } of own.slice(0, MAX_SHOWN)) {
      const honest = good === 0 ? '' : `, ${good} known to be honest`;
      print(`  ${String(count).padStart(6)}${honest}  rule ${rule}  ${field}  ${path}  ${msg}  (${samples[0]})`);
    }
    if (own.length > MAX_SHOWN) print(`  and ${own.length - MAX_SHOWN} further groups; --json has all`);
  }
  if (others > 0) print(`\nand ${others} further groups`);
}
