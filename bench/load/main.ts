// `npm run bench`: Gatehouse and its peers under the same load.
import { runCommand } from '../rig/command.ts';
import { runBench } from './bench.ts';
import { readOptions, USAGE } from './options.ts';
import { render } from './report.ts';

await runCommand(readOptions, USAGE, async (options, progress, signal) => {
  const result = await runBench(options, progress, signal);
  return { text: render(result), result };
});
