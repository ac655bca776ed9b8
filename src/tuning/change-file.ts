// A configuration file is changed as a whole or not at all: the new text is checked first, and takes the old one's place
// in one step.
import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Problem, ProblemsError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { parseConfig } from '../config/load.ts';
import { Guards } from '../gateway/guards.ts';

/**
 * Replaces the text of a file by what `change` makes of it; the configuration that it is then. Fails with a ProblemsError
 * when that would not be fit to run, and the file stays as it was.
 */
export function changeConfig(file: string, change: (text: string) => string): Config {
  const real = realpathSync(file);
  const changed = change(readFileSync(real, 'utf8'));
  const { config, problems } = parseConfig(changed, { file });
  if (config === undefined) throw new ProblemsError(problems);
  const faults: readonly Problem[] = new Guards(config).problems;
  if (faults.length > 0) throw new ProblemsError(faults);
  replaceFile(real, changed);
  return config;
}

/** `real`: no link. Whoever reads it meanwhile sees the one text or the other. */
export function replaceFile(real: string, text: string): void {
  const { mode } = statSync(real);
  const draft = `${real}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 });
    chmodSync(draft, mode & 0o777);
    renameSync(draft, real);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
