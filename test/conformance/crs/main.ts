// `npm run test:crs`: the regression tests of the OWASP Core Rule Set against a running gateway. The report goes to
// stdout, progress to stderr. Ends with 1 when a test failed, 2 when it was called wrongly.
import { readOptions, USAGE } from './options.ts';
import { readOverrides } from './overrides.ts';
import { report, summary } from './report.ts';
import { runTests } from './run.ts';
import { readSuite } from './suite.ts';
import { startTarget } from './target.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return 2;
  }
  const { only } = options;
  const overrides = readOverrides(options.overrides);
  const tests = readSuite(options.tests).filter(
    ({ id, ruleId }) => only.length === 0 || only.includes(id) || only.includes(String(ruleId)),
  );
  if (tests.length === 0) {
    process.stderr.write('no test to run\n');
    return 2;
  }
  const startedAt = performance.now();
  const target = await startTarget(options).catch((error: unknown) => {
    process.stderr.write(`the gateway does not start: ${(error as Error).message}\n`);
  });
  if (target === undefined) return 2;
  process.stderr.write(`the gateway is up after ${Math.round(performance.now() - startedAt)} ms\n`);
  const results = await runTests(tests, target, overrides, (sent) => {
    if (sent % 500 === 0) process.stderr.write(`${sent} of ${tests.length} sent\n`);
  });
  process.stderr.write(`done after ${Math.round(performance.now() - startedAt)} ms\n`);
  process.stdout.write(options.json ? `${JSON.stringify(results, undefined, 1)}\n` : report(results));
  // The last line is plain, also beside JSON.
  (options.json ? process.stderr : process.stdout).write(`${summary(results)}\n`);
  return results.some(({ verdict }) => verdict === 'failed') ? 1 : 0;
}
