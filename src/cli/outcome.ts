// How a command ends: 0 done, 1 it ran and found failures (or the start failed), 2 the call or the config
// is wrong. Data goes to stdout, words to stderr.
import { formatProblem, GatehouseError, type Problem, ProblemsError } from '../base/errors.ts';

export const DONE = 0;
export const FAILED = 1;
export const WRONG = 2;

/** After a gateway has stopped. Lines for a reader that has stalled would keep the process for ever. */
export function endProcess(): never {
  process.exit(DONE);
}

export function say(words: string): void {
  process.stderr.write(`${words}\n`);
}

export function print(data: string): void {
  process.stdout.write(`${data}\n`);
}

export function printJson(data: unknown): void {
  print(JSON.stringify(data, undefined, 2));
}

/** Says what went wrong and returns the exit code for it. */
export function report(error: unknown, asJson = false): number {
  if (error instanceof ProblemsError) {
    if (asJson) printJson({ ok: false, problems: error.problems });
    else sayProblems(error.problems);
    return WRONG;
  }
  if (error instanceof GatehouseError) {
    if (asJson) printJson({ ok: false, error: { code: error.code, message: error.message } });
    else say(`gatehouse: ${error.message}`);
    return error.code === 'config_invalid' || error.code === 'certificate_invalid' ? WRONG : FAILED;
  }
  say(`gatehouse: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return FAILED;
}

function sayProblems(problems: readonly Problem[]): void {
  for (const problem of problems) say(formatProblem(problem));
  say(problems.length === 1 ? '1 problem; nothing was changed.' : `${problems.length} problems; nothing was changed.`);
}
