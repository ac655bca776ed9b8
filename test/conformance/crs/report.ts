// A run in words: what failed and how, which overrides are no longer needed, and the count.
import type { TestResult } from './run.ts';

/** Failures in the order of the tests; nothing about what passed. */
export function report(results: readonly TestResult[]): string {
  const lines: string[] = [];
  for (const { id, verdict, faults, isNeedless } of results) {
    if (verdict === 'failed') lines.push(`FAILED ${id}`, ...faults.map((fault) => `  ${fault}`));
    else if (isNeedless === true) lines.push(`${id} passes without its override`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** `N passed, N failed, N overridden`. */
export function summary(results: readonly TestResult[]): string {
  const count = (verdict: TestResult['verdict']): number =>
    results.filter((result) => result.verdict === verdict).length;
  return `${count('passed')} passed, ${count('failed')} failed, ${count('overridden')} overridden`;
}
