// `gatehouse check`: is this configuration fit to run, and what would it do?
import { Command } from 'commander';
import { unsealed } from '../acme/storage/open.ts';
import { formatProblem, ProblemsError } from '../base/errors.ts';
import { formatSize } from '../base/units.ts';
import type { Config, ListenAddress } from '../config/config.ts';
import { Guards } from '../gateway/guards.ts';
import type { LoadedCertificates } from '../tls/sites.ts';
import { certificateStatus } from './certificate-status.ts';
import { CONFIG_OPTION, JSON_OPTION } from './options.ts';
import type { OrderPlan } from './orders.ts';
import { DONE, print, printJson, report, say } from './outcome.ts';
import { readConfig } from './read-config.ts';
import { viewStored } from './stored.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('validate config, certificates and rules; list what would run')
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .action(async ({ config: file, json }: { config: string; json?: true }) => {
      try {
        const config = readConfig(file);
        const stored = await viewStored(config);
        // ACME and what it brings along take a while to load, and no other command waits for it.
        const { planOrders } = await import('./orders.ts');
        const plan = planOrders(config, stored);
        const warnings = [...stored.loaded.warnings, ...plan.warnings, unsealed(config) ?? []].flat();
        const certificates = { ...stored.loaded, warnings };
        const guards = new Guards(config);
        if (guards.problems.length > 0) throw new ProblemsError(guards.problems);
        if (json)
          printJson({ ok: true, ...summary(config, certificates), orders: plan.orders, ...ruleSummary(guards) });
        else {
          printSummary(file, config, certificates);
          printOrders(plan);
          printRules(guards);
        }
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, json);
      }
    });
}

type Served = Pick<LoadedCertificates, 'certificates' | 'warnings'>;

function summary(config: Config, { certificates, warnings }: Served): Record<string, unknown> {
  return {
    listen: { https: config.listen.https.map(place), http: config.listen.http.map(place) },
    sites: config.sites.map((site) => ({
      name: site.name,
      aliases: site.aliases,
      clientCertificates: site.clientCertificates,
      hsts: site.hsts,
      routes: site.routes.map(({ match, upstream, stripPrefix, waf, limits }) => ({
        match: { ...match, header: plain(match.header), query: plain(match.query) },
        to: upstream,
        stripPrefix,
        limits: limits.map(({ name, windows, concurrent }) => ({ name, windows, concurrent })),
        waf: waf && { mode: waf.mode, paranoia: waf.paranoia, detectionParanoia: waf.detectionParanoia },
      })),
    })),
    upstreams: [...config.upstreams.values()].map(({ name, servers, protocol, balance }) => ({
      name,
      protocol,
      balance,
      servers: servers.map(({ url, weight }) => ({ url, weight })),
    })),
    certificates: certificates.map(certificateStatus),
    warnings,
  };
}

function printSummary(file: string, config: Config, { certificates, warnings }: Served): void {
  for (const warning of warnings) say(`warning: ${warning}`);
  print(`${file} is fit to run.`);
  print(`\nlisten   https ${config.listen.https.map(place).join(', ')}`);
  print(`         http  ${config.listen.http.map(place).join(', ') || 'off'}`);
  for (const site of config.sites) {
    print(`\nsite     ${[site.name, ...site.aliases].join(', ')}`);
    const { clientCertificates: asked } = site;
    if (asked !== undefined) print(`         client certificates of ${asked.ca}: ${asked.mode}`);
    for (const { match, upstream, stripPrefix, waf, limits } of site.routes) {
      const conditions = [
        match.method?.join('|'),
        match.path?.join(' or ') ?? 'everything',
        ...[...(match.header ?? [])].map(([name, value]) => `with ${name}: ${value}`),
        ...[...(match.query ?? [])].map(([name, value]) => `with ?${name}=${value}`),
        match.client === undefined ? undefined : `from ${match.client.join(', ')}`,
        stripPrefix === undefined ? undefined : `(without ${stripPrefix})`,
      ].filter((part) => part !== undefined);
      const guarded = waf === undefined ? '' : `, rules ${waf.mode}`;
      const limited = limits.length === 0 ? '' : `, limits ${limits.map(({ name }) => name).join(', ')}`;
      print(`         ${conditions.join(' ')} -> ${upstream}${guarded}${limited}`);
    }
  }
  for (const { name, servers, balance } of config.upstreams.values()) {
    const urls = servers.map(({ url, weight }) => (weight === 1 ? url : `${url} (weight ${weight})`));
    print(`\nupstream ${name}: ${urls.join(', ')}${servers.length > 1 ? `, ${balance}` : ''}`);
  }
  for (const { names, source, notAfter } of certificates) {
    print(`\ncertificate for ${names.join(', ')}\n         until ${notAfter.toISOString()}, from ${source}`);
  }
}

function printOrders({ orders }: OrderPlan): void {
  for (const { name, authorities, challenges } of orders) {
    const hosts = authorities.map((directory) => new URL(directory).host).join(', then ');
    print(`\norder    ${name}\n         from ${hosts}, by ${challenges.join(', then ')}`);
  }
}

function ruleSummary({ figures, notices }: Guards): Record<string, unknown> {
  return { rules: figures, notices };
}

function printRules({ figures, notices }: Guards): void {
  for (const notice of notices) say(`notice: ${formatProblem(notice)}`);
  for (const { name, paranoia, sites, rules, activeRules, loadMs, compileMs, memoryBytes } of figures) {
    print(`\nrules    ${name}\n         for ${sites.join(', ')}, paranoia ${paranoia}`);
    print(`         ${rules} rules, ${activeRules} of them can match with these settings`);
    print(
      `         read in ${Math.round(loadMs)} ms, compiled in ${Math.round(compileMs)} ms, about ${formatSize(roundToMiB(memoryBytes))}`,
    );
  }
}

function roundToMiB(bytes: number): number {
  return Math.max(1, Math.round(bytes / 2 ** 20)) * 2 ** 20;
}

function place({ host, port }: ListenAddress): string {
  return `${host === undefined ? '' : host.includes(':') ? `[${host}]` : host}:${port}`;
}

function plain(map: ReadonlyMap<string, string> | undefined): Record<string, string> | undefined {
  return map === undefined ? undefined : Object.fromEntries(map);
}
