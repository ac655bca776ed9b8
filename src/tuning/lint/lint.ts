// A look over all rules and exceptions of a configuration: what is not as somebody meant it.
import path from 'node:path';
import type { Config } from '../../config/config.ts';
import type { ExceptionConfig } from '../../config/model/waf.ts';
import { type LoadedRules, loadRules } from '../../waf/sources.ts';
import { type ExceptionNeed, lintExceptions, lintRemovals } from './exceptions.ts';
import type { LintFinding } from './finding.ts';
import { lintPatterns } from './patterns.ts';
import { lintLoaded, lintReach } from './reach.ts';

export interface LintOptions {
  /** How often an exception was needed; undefined: nobody knows. */
  readonly needOf: (exception: ExceptionConfig) => ExceptionNeed | undefined;
  readonly now: number;
}

/** The rules must load without problems. Each finding once, the warnings first. */
export function lint(config: Config, { needOf, now }: LintOptions): LintFinding[] {
  const baseDir = config.file === undefined ? process.cwd() : path.dirname(config.file);
  const found: LintFinding[] = [];
  const loaded = new Map<string, LoadedRules>();
  for (const { name, routes } of config.sites) {
    for (const waf of routes.flatMap((route) => route.waf ?? [])) {
      const key = JSON.stringify(waf.rules);
      const isNew = !loaded.has(key);
      const rules = loaded.getOrInsertComputed(key, () => loadRules(waf.rules, baseDir));
      const { ruleSet, removals, notices } = rules;
      found.push(...lintLoaded(ruleSet, name, config.file ?? '<configuration>', waf.response));
      found.push(...lintExceptions(waf.exceptions, ruleSet, needOf, now));
      if (!isNew) continue;
      found.push(...lintRemovals(removals), ...lintReach(ruleSet), ...lintPatterns(ruleSet));
      for (const { code, file, line, message } of notices) found.push({ code, level: 'note', file, line, message });
    }
  }
  const once = new Map(found.map((finding) => [JSON.stringify(finding), finding]));
  return [...once.values()].sort((a, b) => Number(a.level === 'note') - Number(b.level === 'note'));
}
