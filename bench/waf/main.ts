// `npm run bench:waf`: the rule engine beside libmodsecurity, with the same rules and requests. A wrong verdict is a
// fault too.
import { runCommand } from '../rig/command.ts';
import { runBench } from './bench.ts';
import { readOptions, USAGE } from './options.ts';
import { render } from './report.ts';
import { runWorst } from './worst.ts';
import { renderWorst } from './worst-report.ts';

await runCommand(readOptions, USAGE, async (options, progress, signal) => {
  if (options.worst) {
    const result = await runWorst(options, progress, signal);
    return { text: renderWorst(result), result };
  }
  const result = await runBench(options, progress, signal);
  return { text: render(result), result };
});
