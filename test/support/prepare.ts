// Before the tests: the real programs they need. As root on Debian they are installed; otherwise the tests that
// need them are skipped, loudly. With CI=true nothing may be missing.
import { execFileSync } from 'node:child_process';
import { COMPONENTS, missingComponents } from './components.ts';

const missing = missingComponents();
if (missing.length > 0 && process.getuid?.() === 0) install([...new Set(missing.map((name) => COMPONENTS[name]))]);

const left = missingComponents();
if (left.length > 0) {
  const list = left.map((name) => `  ${name} (Debian package ${COMPONENTS[name]})`).join('\n');
  process.stderr.write(`\nSKIPPED: the tests that need these programs, which are not on this machine:\n${list}\n\n`);
  if (process.env.CI === 'true') process.exit(1);
}

function install(packages: readonly string[]): void {
  process.stderr.write(`Installing what the tests need: ${packages.join(' ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (...args: string[]): void =>
    void execFileSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    run('-qq', 'update');
    run('-qq', 'install', '-y', '--no-install-recommends', ...packages);
  } catch (error) {
    process.stderr.write(`They could not be installed: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
