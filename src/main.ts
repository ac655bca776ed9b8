#!/usr/bin/env node
// The command line begins here. An old Node is told so before anything that it cannot read is loaded.
import module from 'node:module';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`Gatehouse needs Node 24 or newer; this is ${process.version}.\n`);
  process.exit(2);
}
module.enableCompileCache();
// `gatehouse schema config | head` closes the pipe early; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const { main } = await import('./cli/program.ts');
await main(process.argv);
