// `npm run bench:waf`: the rule engine beside libmodsecurity, with the same rules and requests. Tables go to stdout,
// progress to stderr. Ends with 1 when a verdict was wrong or a measurement failed, 2 when it was called wrongly.
import { saveResult } from '../rig/save.ts';
import { runBench } from './bench.ts';
import type { Options } from './options.ts';
import { readOptions, USAGE } from './options.ts';
import { render } from './report.ts';
import { runWorst } from './worst.ts';
import { renderWorst } from './worst-report.ts';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
}

let options: Options | undefined;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  say(`${(error as Error).message}\n${USAGE}`);
  process.exitCode = 2;
}
if (options !== undefined) process.exitCode = await bench(options);

async function bench(chosen: Options): Promise<number> {
  try {
    const { text, result } = await measure(chosen);
    process.stdout.write(chosen.json ? `${JSON.stringify(result, undefined, 2)}\n` : text);
    if (chosen.save) say(`written: ${saveResult(chosen.name, result.startedAt, text)}`);
    return result.faults.length === 0 ? 0 : 1;
  } catch (error) {
    say(`bench: ${stopping.signal.aborted ? (stopping.signal.reason as Error).message : (error as Error).stack}`);
    return 1;
  }
}

interface Measured {
  readonly text: string;
  readonly result: { readonly startedAt: string; readonly faults: readonly string[] };
}

async function measure(chosen: Options): Promise<Measured> {
  if (chosen.worst) {
    const result = await runWorst(chosen, say, stopping.signal);
    return { text: renderWorst(result), result };
  }
  const result = await runBench(chosen, say, stopping.signal);
  return { text: render(result), result };
}

function say(words: string): void {
  process.stderr.write(`${words}\n`);
}
