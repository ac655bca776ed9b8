#!/usr/bin/env node
// The command line begins here. An old Node is told so before anything that it cannot read is loaded.
import module from 'node:module';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`Gatehouse needs Node 24 or newer; this is ${process.version}.\n`);
  process.exit(2);
}
module.enableCompileCache();
const { main } = await import('./cli/program.ts');
await main(process.argv);
