// The negative control: whether a side came to the verdict that a case must have, and all sides to the same rules.
import type { Checked } from './side.ts';

/** The rule that blocks a request by its score, in CRS 3 and 4. */
const BLOCKING_RULE = 949110;
/** Rules that sum up the score at the end, with `noauditlog`: libmodsecurity hides the lines of such rules. */
const isSummary = (id: number): boolean => id >= 980_000 && id <= 980_999;

/** What is wrong with these verdicts, a line each; a benign request may hit no rule at all. */
export function judge(checked: readonly Checked[], isAttack: boolean): string[] {
  const faults: string[] = [];
  for (const [at, { isBlocked, score, hits }] of checked.entries()) {
    const found = `score ${score}, rules ${hits.join(' ') || 'none'}`;
    if (isAttack && !(isBlocked && score > 0 && hits.includes(BLOCKING_RULE))) {
      faults.push(`attack ${at} was not blocked: ${found}`);
    }
    if (!isAttack && (isBlocked || score !== 0 || hits.length > 0)) faults.push(`benign request ${at} hit: ${found}`);
  }
  return faults;
}

/** Requests on which the sides do not agree. */
export function compareChecks(checks: ReadonlyMap<string, readonly Checked[]>): string[] {
  const [first, ...others] = checks;
  if (first === undefined) return [];
  const [baseline, expected] = first;
  const faults: string[] = [];
  for (const [side, checked] of others) {
    for (const [at, mine] of expected.entries()) {
      const [a, b] = [summary(mine), summary(checked[at])];
      if (a !== b) faults.push(`request ${at}: ${baseline} says ${a}, ${side} says ${b}`);
    }
  }
  return faults;
}

function summary(checked: Checked | undefined): string {
  if (checked === undefined) return 'nothing';
  const hits = [...new Set(checked.hits)].filter((id) => !isSummary(id)).sort((a, b) => a - b);
  return `score ${checked.score}, rules ${hits.join(' ') || 'none'}`;
}
