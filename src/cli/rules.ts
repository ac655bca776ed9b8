// `gatehouse rules`: what the rules of a configuration are, as the engine reads them.
import { Command, Option } from 'commander';
import { ProblemsError } from '../base/errors.ts';
import { readableText } from '../base/text.ts';
import type { Config, WafConfig } from '../config/config.ts';
import { Guards } from '../gateway/guard.ts';
import type { Rule } from '../waf/rule.ts';
import { printSecLang } from '../waf/seclang/print.ts';
import { loadRules } from '../waf/sources.ts';
import { CONFIG_OPTION, JSON_OPTION } from './options.ts';
import { DONE, print, printJson, readConfig, report, say } from './outcome.ts';
import { testCommand } from './rules/test.ts';

export function rulesCommand(): Command {
  return new Command('rules')
    .description('what the rules of a configuration are, and whether they do what they should')
    .addCommand(listCommand())
    .addCommand(testCommand());
}

interface ListOptions {
  readonly config: string;
  readonly json?: true;
  readonly seclang?: true;
}

function listCommand(): Command {
  return new Command('list')
    .description('every rule, in the order in which it is loaded')
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .addOption(new Option('--seclang', 'print the rules in SecLang, removals and updates worked in').conflicts('json'))
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
