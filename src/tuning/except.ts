// Writes exceptions into the configuration file, at the one place where they act on what they are for.
import path from 'node:path';
import { GatehouseError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { formatRuleReference } from '../config/syntax/rule-reference.ts';
import { expiresAt } from '../gateway/exception-expiry.ts';
import { compileMatch } from '../route/match.ts';
import { compileReferences } from '../waf/exceptions.ts';
import { rolesOf } from '../waf/rule-role.ts';
import { loadRules } from '../waf/sources.ts';
import { changeConfig } from './change-file.ts';
import { addExceptions, type Section } from './edit-config.ts';
import { exceptionText, type Told } from './exception-text.ts';
import type { Draft } from './sparing.ts';

/** Days after which an exception ends unless somebody says otherwise: by then the application or the rule may be better. */
export const DEFAULT_DAYS = 90;

export interface Written {
  readonly file: string;
  /** The lines that were added. */
  readonly entries: readonly string[];
}

/** `path`: of the request that it is for; undefined: of none in particular. Fails as `addExceptions` and `changeConfig` do. */
export function writeExceptions(
  config: Config,
  file: string,
  where: { readonly site: string; readonly path: string | undefined; readonly method: string },
  drafts: readonly Draft[],
  told: Told,
): Written {
  const { site, method } = where;
  const entries = drafts.map((draft) => exceptionText(draft, told));
  checkMeant(config, site, drafts);
  const section: Section = { site, route: routeOf(config, site, where.path ?? '/', method) };
  changeConfig(file, (text) => addExceptions(text, section, entries));
  return { file, entries };
}

/** What means no rule that finds something does nothing, and is rather mistyped. */
function checkMeant(config: Config, site: string, drafts: readonly Draft[]): void {
  const wafs = config.sites.find(({ name }) => name === site)?.routes.flatMap(({ waf }) => waf ?? []) ?? [];
  if (wafs.length === 0) return;
  const baseDir = config.file === undefined ? process.cwd() : path.dirname(config.file);
  const rules = wafs.flatMap((waf) =>
    loadRules(waf.rules, baseDir).ruleSet.items.filter((item) => item.kind === 'rule'),
  );
  const roles = rolesOf(rules);
  for (const reference of drafts.flatMap((draft) => draft.rules)) {
    const meant = rules.filter(compileReferences([reference]));
    if (meant.some((rule) => roles.of(rule) === 'detects')) continue;
    const isSingle = 'from' in reference && reference.from === reference.to;
    // A rule named by its number is refused with what it does.
    if (isSingle && meant.length > 0) continue;
    const what = meant.length === 0 ? 'no loaded rule is' : 'only rules that decide or steer are';
    const message = `${what} meant by ${formatRuleReference(reference)}; nothing was written`;
    throw new GatehouseError('config_invalid', 'gateway', message);
  }
}

/** The place, among the routes of the file, of the one that takes such a request. */
function routeOf(config: Config, site: string, target: string, method: string): number | undefined {
  const routes = config.sites.find(({ name }) => name === site)?.routes ?? [];
  const subject = { method, path: target, query: '', headers: [], client: '127.0.0.1' };
  const place = routes.findIndex(({ match }) => compileMatch(match)(subject));
  return place === -1 ? undefined : place;
}

/**
 * The last day as it was asked for, `never`, or by default some time from now. Fails with a GatehouseError for what is
 * no day.
 */
export function expiryOf(given: string | undefined, now: number): string | undefined {
  if (given === 'never') return undefined;
  if (given === undefined) return new Date(now + DEFAULT_DAYS * 86_400_000).toISOString().slice(0, 10);
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(given)) {
    if (expiresAt({ expires: given }) > now) return given;
    throw new GatehouseError('config_invalid', 'gateway', `${given} is past: such an exception would never act`);
  }
  throw new GatehouseError('config_invalid', 'gateway', `"${given}" is not a day like 2027-03-01, and not never`);
}

/** What is written when nobody says why. */
export function reasonFor(requestId: string): string {
  return `false positive, request ${requestId}`;
}
