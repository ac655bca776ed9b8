#!/usr/bin/env node
// The command line begins here. An old Node is told so before anything that it cannot read is loaded.
import module from 'node:module';
import path from 'node:path';

/** When what a gateway is made of has been loaded, and has run a little. */
const FLUSH_MS = 10_000;

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`Gatehouse needs Node 24 or newer; this is ${process.version}.\n`);
  process.exit(2);
}
const folder = compileCache();
if (folder !== undefined) {
  module.enableCompileCache(folder);
  // Node writes it at the end of a process, which may never come or be a kill.
  setTimeout(() => module.flushCompileCache(), FLUSH_MS).unref();
}
// `gatehouse schema config | head` closes the pipe early; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const { main } = await import('./cli/program.ts');
await main(process.argv);

/** Nobody else may write there: what is compiled is run. The folder for temporary files, Node's choice, is everybody's. */
function compileCache(): string | undefined {
  const { NODE_COMPILE_CACHE: said, CACHE_DIRECTORY: services, XDG_CACHE_HOME: users, HOME: home } = process.env;
  const caches = users ?? (home && path.join(home, '.cache'));
  return said ?? services ?? (caches && path.join(caches, 'gatehouse'));
}
