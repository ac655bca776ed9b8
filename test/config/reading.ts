// Short ways to read a configuration in tests.

import type { Problem } from '../../src/base/errors.ts';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';

type Env = Record<string, string>;

/** One site, for tests about other parts of the file. */
export const someSite = 'sites: { app.test: { to: "http://127.0.0.1:3000" } }\n';

export function problemsOf(text: string, env: Env = {}): readonly Problem[] {
  return parseConfig(text, { file: '/etc/gatehouse/gatehouse.yaml', env }).problems;
}

/** `line:column code` of each problem. */
export function placesOf(text: string, env: Env = {}): string[] {
  return problemsOf(text, env).map(({ line, column, code }) => `${line}:${column} ${code}`);
}

export function messagesOf(text: string, env: Env = {}): string[] {
  return problemsOf(text, env).map(({ message }) => message);
}

/** Fails with the problems when there are any. */
export function configOf(text: string, env: Env = {}): Config {
  const { config, problems } = parseConfig(text, { file: '/etc/gatehouse/gatehouse.yaml', env });
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return config;
}
