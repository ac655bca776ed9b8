// Runs go-ftw tests against a target: first every request, several at a time, then the gateway is stopped and its
// records, complete by then, are judged. Nothing waits for a log line, so nothing depends on when it is written.
import type { Answer } from './answer.ts';
import { answerHeader } from './answer.ts';
import { faults } from './check.ts';
import type { Override, Overrides } from './overrides.ts';
import type { Logged } from './records.ts';
import { requestBytes } from './request.ts';
import type { Outcome } from './send.ts';
import { send } from './send.ts';
import type { Input, Stage, TestCase } from './suite.ts';
import type { Target } from './target.ts';

export interface TestResult {
  readonly id: string;
  readonly verdict: 'passed' | 'failed' | 'overridden';
  /** What was not as expected, one line each. */
  readonly faults: readonly string[];
  /** Rules that were logged, in order, without repetitions. */
  readonly logged: readonly number[];
  readonly override?: Override;
  /** True for an override whose test would pass without it. */
  readonly isNeedless?: boolean;
}

const CONNECTIONS = 16;

/** Stops the target in the end. `progress` is told how many tests have been sent. */
export async function runTests(
  tests: readonly TestCase[],
  target: Target,
  overrides: Overrides,
  progress: (sent: number) => void = () => {},
): Promise<TestResult[]> {
  const outcomes = new Map<Stage, Sent>();
  let addresses = 0;
  const nextAddress = (): string => loopback(addresses++);
  let next = 0;
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (next < tests.length) {
      const test = tests[next++] as TestCase;
      const override = overrides(test);
      const isLeftOut = override !== undefined && override.output === undefined;
      if (!isLeftOut) await sendStages(test, target, nextAddress, outcomes);
      progress(++sent);
    }
  };
  let logged: Map<string, Logged>;
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  } finally {
    logged = await target.stop();
  }
  return tests.map((test) => judge(test, outcomes, logged, overrides(test)));
}

interface Sent {
  readonly outcome: Outcome;
  readonly from: string;
}

async function sendStages(
  { stages }: TestCase,
  target: Target,
  nextAddress: () => string,
  outcomes: Map<Stage, Sent>,
): Promise<void> {
  let before: Answer | undefined;
  for (const stage of stages) {
    const from = nextAddress();
    const input = stage.input.followRedirect ? redirected(stage.input, before) : stage.input;
    const outcome: Outcome =
      input === undefined
        ? { error: 'the stage before was not redirected' }
        : await send(target, from, requestBytes(input));
    outcomes.set(stage, { outcome, from });
    before = outcome.answer;
  }
}

/**
 * An address of its own for each request, 127.100.0.1 and up: all of 127.0.0.0/8 is this machine (on Linux), and the
 * client's address is what a request and its records have in common without a byte of the request being touched.
 */
function loopback(index: number): string {
  const host = index + 1;
  return `127.${100 + (host >> 16)}.${(host >> 8) & 255}.${host & 255}`;
}

function redirected(input: Input, before: Answer | undefined): Input | undefined {
  const location = before === undefined ? undefined : answerHeader(before, 'location');
  if (location === undefined) return undefined;
  const { pathname, search } = new URL(location, 'https://localhost');
  return { ...input, uri: pathname + search };
}

function judge(
  test: TestCase,
  outcomes: Map<Stage, Sent>,
  logged: Map<string, Logged>,
  override: Override | undefined,
): TestResult {
  const ids = new Set<number>();
  const found: string[] = [];
  const asWritten: string[] = [];
  for (const [index, stage] of test.stages.entries()) {
    const sent = outcomes.get(stage);
    if (sent === undefined) continue;
    const rules = logged.get(sent.from)?.rules ?? [];
    for (const { id } of rules) ids.add(id);
    const at = test.stages.length > 1 ? `stage ${index + 1}: ` : '';
    const differences = faults(stage.output, sent.outcome, rules);
    asWritten.push(...differences);
    const judged = override?.output === undefined ? differences : faults(override.output, sent.outcome, rules);
    // Without a record nothing can be said about rules that were not logged.
    if (sent.outcome.answer !== undefined && !logged.has(sent.from)) judged.push('the gateway has no record of it');
    if (logged.get(sent.from)?.isStopped === true) judged.push('the rules stopped it, though they only detect');
    found.push(...judged.map((fault) => at + fault));
  }
  const verdict = found.length > 0 ? 'failed' : override === undefined ? 'passed' : 'overridden';
  const result = { id: test.id, verdict, faults: found, logged: [...ids] } as const;
  if (override === undefined) return result;
  return { ...result, override, isNeedless: override.output !== undefined && asWritten.length === 0 };
}
