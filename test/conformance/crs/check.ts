// One stage's outcome against what its test expects, in words for a reader of the report.
import type { LoggedRule } from './log-lines.ts';
import { logLine } from './log-lines.ts';
import type { Outcome } from './send.ts';
import type { Expectation } from './suite.ts';

/** What is not as expected; empty when all is. */
export function faults(expected: Expectation, outcome: Outcome, rules: readonly LoggedRule[]): string[] {
  if (outcome.answer === undefined) return expected.error ? [] : [`no answer: ${outcome.error}`];
  if (expected.error) return [`an answer with status ${outcome.answer.status} where none was expected`];
  return [...answerFaults(expected, outcome.answer), ...logFaults(expected, rules)];
}

function answerFaults(expected: Expectation, { status, raw }: NonNullable<Outcome['answer']>): string[] {
  const found: string[] = [];
  if (expected.status.length > 0 && !expected.status.includes(status)) {
    found.push(`status ${status}, expected ${expected.status.join(' or ')}`);
  }
  const { responseContains } = expected;
  if (responseContains !== undefined && !Buffer.from(raw, 'latin1').includes(responseContains)) {
    found.push(`the answer does not contain ${JSON.stringify(responseContains)}`);
  }
  return found;
}

function logFaults(expected: Expectation, rules: readonly LoggedRule[]): string[] {
  const ids = new Set(rules.map(({ id }) => id));
  const seen = ids.size === 0 ? 'none' : [...ids].join(', ');
  const found: string[] = [];
  const missing = expected.ids.filter((id) => !ids.has(id));
  if (missing.length > 0) found.push(`rule ${missing.join(', ')} not logged; logged: ${seen}`);
  const unwanted = expected.noIds.filter((id) => ids.has(id));
  if (unwanted.length > 0) found.push(`rule ${unwanted.join(', ')} logged, unexpectedly`);
  if (expected.isolated && ids.size !== 1) found.push(`exactly one rule expected; logged: ${seen}`);

  const { match, noMatch } = expected;
  if (match === undefined && noMatch === undefined) return found;
  const lines = rules.map(logLine);
  if (match !== undefined && !lines.some((line) => match.test(line))) {
    found.push(`no line of the log matches ${match}; logged: ${seen}`);
  }
  const hit = noMatch === undefined ? undefined : lines.find((line) => noMatch.test(line));
  if (hit !== undefined) found.push(`a line of the log matches ${noMatch}: ${hit}`);
  return found;
}
