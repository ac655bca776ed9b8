// What the benchmarks' commands share: tables go to stdout, progress to stderr. A command ends with 1 when anything
// failed in a measurement, 2 when it was called wrongly.
import { saveResult } from './save.ts';

export interface CommandOptions {
  readonly json: boolean;
  readonly save: boolean;
  /** Of the saved result. */
  readonly name: string;
}

export interface Measured {
  readonly text: string;
  readonly result: { readonly startedAt: string; readonly faults: readonly string[] };
}

export type Measure<Options> = (
  options: Options,
  progress: (words: string) => void,
  signal: AbortSignal,
) => Promise<Measured>;

/** `readOptions` throws when the arguments are wrong. Sets the exit code. */
export async function runCommand<Options extends CommandOptions>(
  readOptions: (args: string[]) => Options | undefined,
  usage: string,
  measure: Measure<Options>,
): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
  }
  let options: Options | undefined;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    say(`${(error as Error).message}\n${usage}`);
    process.exitCode = 2;
  }
  if (options === undefined) return;
  try {
    const { text, result } = await measure(options, say, stopping.signal);
    process.stdout.write(options.json ? `${JSON.stringify(result, undefined, 2)}\n` : text);
    if (options.save) say(`written: ${saveResult(options.name, result.startedAt, text)}`);
    process.exitCode = result.faults.length === 0 ? 0 : 1;
  } catch (error) {
    say(`bench: ${stopping.signal.aborted ? (stopping.signal.reason as Error).message : (error as Error).stack}`);
    process.exitCode = 1;
  }
}

function say(words: string): void {
  process.stderr.write(`${words}\n`);
}
