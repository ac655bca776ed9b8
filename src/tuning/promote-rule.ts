// Lets a native rule act that was only tried out: one word of its file.
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isMap, isScalar, isSeq, parseDocument, type Scalar } from 'yaml';
import { GatehouseError, ProblemsError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { CORE_FOLDER } from '../waf/core-folder.ts';
import { readRules } from '../waf/native/read.ts';
import type { Rule } from '../waf/rule.ts';
import { loadRules } from '../waf/sources.ts';
import { replaceFile } from './change-file.ts';

/** Where it stands, `file:line`. Fails with a GatehouseError where no such rule is tried out, or its mode cannot be changed. */
export function promoteRule(config: Config, id: number): { readonly places: readonly string[] } {
  const tried = rulesOf(config).filter(({ trial }) => trial !== undefined);
  const chosen = tried.filter((rule) => rule.id === id);
  if (chosen.length === 0) {
    const others = [...new Set(tried.map((rule) => rule.id))];
    const which = others.length === 0 ? 'no rule is' : `those that are: ${others.join(', ')}`;
    throw refuse(`rule ${id} is not of mode shadow; ${which}`);
  }
  const files = new Set(chosen.map(({ source }) => realpathSync(path.resolve(source.file))));
  const changes = Array.from(files, (file) => ({ file, text: promoted(file, id) }));
  for (const { file, text } of changes) replaceFile(file, text);
  return { places: chosen.map(({ source }) => `${source.file}:${source.line}`) };
}

function rulesOf({ sites }: Config): Rule[] {
  const sources = sites.flatMap(({ routes }) => routes.flatMap(({ waf }) => (waf === undefined ? [] : [waf.rules])));
  const once = new Map(sources.map((rules) => [JSON.stringify(rules), rules]));
  const loaded = [...once.values()].map((rules) => loadRules(rules, process.cwd()));
  const problems = loaded.flatMap((each) => each.problems);
  if (problems.length > 0) throw new ProblemsError(problems);
  const rules = loaded.flatMap(({ ruleSet }) => ruleSet.items.filter((item) => item.kind === 'rule'));
  return [...new Map(rules.map((rule) => [`${rule.source.file}:${rule.source.line}`, rule])).values()];
}

/** The text of the file with `mode: block`; everything else stays byte for byte. */
function promoted(file: string, id: number): string {
  if (path.dirname(file) === CORE_FOLDER)
    throw refuse(`rule ${id} is one of Gatehouse's own, which an update replaces`);
  const text = readFileSync(file, 'utf8');
  const mode = modeOf(text, id);
  if (mode?.range === null || mode?.range === undefined || mode.value !== 'shadow') {
    throw refuse(`the mode of rule ${id} is not written out in ${file}; change it by hand`);
  }
  const changed = `${text.slice(0, mode.range[0])}block${text.slice(mode.range[1])}`;
  const { problems } = readRules(changed, file);
  if (problems.length > 0) throw new ProblemsError(problems);
  return changed;
}

function modeOf(text: string, id: number): Scalar | undefined {
  const rules = parseDocument(text).get('rules');
  const rule = isSeq(rules) ? rules.items.find((item) => isMap(item) && item.get('id') === id) : undefined;
  const mode = isMap(rule) ? rule.get('mode', true) : undefined;
  return isScalar(mode) ? mode : undefined;
}

function refuse(message: string): GatehouseError {
  return new GatehouseError('config_invalid', 'gateway', message);
}
