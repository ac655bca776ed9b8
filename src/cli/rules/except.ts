// `gatehouse rules except`: writes an exception by hand, checked before it is written.
import { Command } from 'commander';
import { GatehouseError } from '../../base/errors.ts';
import { parseFieldPath } from '../../config/syntax/field-path.ts';
import type { Parsed } from '../../config/syntax/parsed.ts';
import { parseMethod, parsePathGlob } from '../../config/syntax/request-match.ts';
import { parseRuleReference } from '../../config/syntax/rule-reference.ts';
import { DEFAULT_DAYS, expiryOf, writeExceptions } from '../../tuning/except.ts';
import { CONFIG_OPTION } from '../options.ts';
import { DONE, print, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';

interface ExceptOptions {
  readonly config: string;
  readonly site?: string;
  readonly field: readonly string[];
  readonly path: readonly string[];
  readonly method: readonly string[];
  readonly reason: string;
  readonly expires?: string;
}

export function exceptCommand(): Command {
  const several = (text: string, before: readonly string[]): readonly string[] => [...before, text];
  return new Command('except')
    .description('writes an exception into the configuration')
    .argument('<rules...>', 'ids, ranges like 941100-941199, or tag:NAME')
    .option('--site <name>', 'the site; needed where there are several')
    .option('--field <field>', 'only on this field, like args.comment; may be repeated', several, [])
    .option('--path <glob>', 'only on this path; may be repeated', several, [])
    .option('--method <method>', 'only with this method; may be repeated', several, [])
    .requiredOption('--reason <text>', 'why, for the next reader')
    .option('--expires <day>', `the last day on which it holds, or never (default: in ${DEFAULT_DAYS} days)`)
    .addOption(CONFIG_OPTION())
    .action((rules: readonly string[], options: ExceptOptions) => {
      try {
        except(rules, options);
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error);
      }
    });
}

function except(rules: readonly string[], options: ExceptOptions): void {
  const config = readConfig(options.config);
  const guarded = config.sites.filter(({ routes }) => routes.some(({ waf }) => waf !== undefined));
  const site = options.site ?? guarded[0]?.name;
  if (site === undefined || (options.site === undefined && guarded.length > 1)) {
    const names = guarded.map(({ name }) => name).join(', ');
    throw wrong(guarded.length === 0 ? 'no site has rules' : `say which site with --site: ${names}`);
  }
  const path = options.path.map((text) => read(text, parsePathGlob));
  const method = options.method.map((text) => read(text, parseMethod));
  const draft = {
    rules: rules.map((text) => read(text, parseRuleReference)),
    fields: options.field.map((text) => read(text, parseFieldPath)),
    path: path.length === 0 ? undefined : path,
    method: method.length === 0 ? undefined : method,
  };
  const where = { site, path: path[0]?.replaceAll('*', 'x'), method: method[0] ?? 'GET' };
  const told = { reason: options.reason, expires: expiryOf(options.expires, Date.now()) };
  const { file, entries } = writeExceptions(config, options.config, where, [draft], told);
  for (const entry of entries) print(`- ${entry}`);
  say(`written into ${file}; it acts after \`gatehouse reload\`, or at once where the gateway watches its file`);
}

function read<T>(text: string, parse: (text: string) => Parsed<T>): T {
  const parsed = parse(text);
  if ('value' in parsed) return parsed.value;
  throw wrong(`"${text}" ${parsed.fault}`);
}

function wrong(message: string): GatehouseError {
  return new GatehouseError('config_invalid', 'gateway', message);
}
