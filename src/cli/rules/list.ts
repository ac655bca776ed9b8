// `gatehouse rules list`: the rules of a configuration, or the exceptions from them.
import { Command, Option } from 'commander';
import { ProblemsError } from '../../base/errors.ts';
import { readableText } from '../../base/text.ts';
import type { Config } from '../../config/config.ts';
import type { WafConfig } from '../../config/model/waf.ts';
import { Guards } from '../../gateway/guards.ts';
import { type ExceptionEntry, listExceptions } from '../../tuning/exception-list.ts';
import type { Rule } from '../../waf/rule.ts';
import { printSecLang } from '../../waf/seclang/print.ts';
import { type LoadedRules, loadRules } from '../../waf/sources.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, print, printJson, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';

interface ListOptions {
  readonly config: string;
  readonly json?: true;
  readonly seclang?: true;
  readonly exceptions?: true;
}

export function listCommand(): Command {
  return new Command('list')
    .description('every rule, in the order in which it is loaded')
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .addOption(new Option('--seclang', 'print the rules in SecLang, removals and updates worked in').conflicts('json'))
    .addOption(
      new Option('--exceptions', 'every exception in their place: of the configuration and of rule files').conflicts(
        'seclang',
      ),
    )
    .action((options: ListOptions) => {
      try {
        list(readConfig(options.config), options);
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

function list(config: Config, options: ListOptions): void {
  const sets = new Map<string, WafConfig>();
  for (const site of config.sites) {
    for (const { waf } of site.routes) if (waf !== undefined) sets.set(JSON.stringify(waf.rules), waf);
  }
  if (sets.size === 0) say('no site of this configuration has rules');
  const { problems } = new Guards(config);
  if (problems.length > 0) throw new ProblemsError(problems);
  if (options.exceptions === true) {
    printExceptions(config, options.json);
    return;
  }
  const loaded = [...sets.values()].map(({ rules }) => loadRules(rules, process.cwd()).ruleSet);
  if (options.seclang === true) {
    for (const ruleSet of loaded) print(printSecLang(ruleSet));
    return;
  }
  const rules = loaded.flatMap(({ items }) => items.filter((item) => item.kind === 'rule'));
  if (options.json === true) printJson(rules.map(facts));
  else for (const rule of rules) print(line(rule));
}

function facts(rule: Rule): Record<string, unknown> {
  const { id, phase, source, severity, tags, disruptive, log } = rule;
  return { id, phase, ...source, action: disruptive.action, log, severity, msg: messageOf(rule), tags };
}

function line(rule: Rule): string {
  const place = `${rule.source.file}:${rule.source.line}`;
  return `${String(rule.id).padStart(7)}  phase ${rule.phase}  ${rule.disruptive.action.padEnd(5)}  ${messageOf(rule) ?? ''}  ${place}`;
}

function messageOf(rule: Rule): string | undefined {
  const msg = rule.links.find((link) => link.msg !== undefined)?.msg;
  return msg === undefined ? undefined : readableText(msg);
}

function printExceptions({ sites }: Config, json: true | undefined): void {
  const known = new Map<string, LoadedRules>();
  const entries = sites.flatMap(({ name, routes }) =>
    listExceptions(
      routes.flatMap(({ waf }) => waf ?? []),
      ({ rules }) => known.getOrInsertComputed(JSON.stringify(rules), () => loadRules(rules, process.cwd())),
    ).map((entry) => ({ site: name, ...entry })),
  );
  if (json === true) printJson(entries);
  else if (entries.length === 0) say('there are no exceptions');
  else for (const entry of entries) print(exceptionLine(entry));
}

function exceptionLine({ site, ...entry }: ExceptionEntry & { site: string }): string {
  const { rules, fields, path, method, when, reason, expires, state, count, file, line: place } = entry;
  const facts = [
    fields.length === 0 ? 'whole rule' : `on ${fields.join(', ')}`,
    ...(path === undefined ? [] : [`path ${path.join(', ')}`]),
    ...(method === undefined ? [] : [`method ${method.join(', ')}`]),
    ...(when === undefined ? [] : [`when ${when}`]),
    ...(expires === undefined ? [] : [state === 'expired' ? `EXPIRED with ${expires}` : `until ${expires}`]),
    count === 0 ? 'NO RULE is meant' : count === 1 ? '1 rule' : `${count} rules`,
    ...(reason === undefined ? [] : [JSON.stringify(reason)]),
  ];
  return `${site}  ${rules}  ${facts.join('  ')}  ${file}:${place}`;
}
