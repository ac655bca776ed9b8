// What a command does with a configuration first. Reading one takes much of a short command's time, so whoever needs none
// does without this file: a worker is given what its supervisor has read.
import { ProblemsError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';

/** The configuration in force for a command; throws a ProblemsError with every fault of the file. */
export function readConfig(file: string, env: LoadOptions['env'] = process.env): Config {
  const { config, problems } = loadConfig(file, { env });
  if (config === undefined || problems.length > 0) throw new ProblemsError(problems);
  return config;
}
