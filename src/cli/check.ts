// `gatehouse check`: is this configuration fit to run, and what would it do?
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { formatProblem, ProblemsError } from '../base/errors.ts';
import { formatSize } from '../base/units.ts';
import type { Config, ListenAddress } from '../config/config.ts';
import { Guards } from '../gateway/guard.ts';
import { loadClientPolicies } from '../tls/client-policy.ts';
import { type LoadedCertificates, loadCertificates } from '../tls/sites.ts';
import { certificateStatus } from './certificate-status.ts';
import { CONFIG_OPTION, JSON_OPTION } from './options.ts';
import { DONE, print, printJson, readConfig, report, say } from './outcome.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('validate config, certificates and rules; list what would run')
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .action(async ({ config: file, json }: { config: string; json?: true }) => {
      try {
        const config = readConfig(file);
        const certificates = await inspectCertificates(config);
        const guards = new Guards(config);
        if (guards.problems.length > 0) throw new ProblemsError(guards.problems);
        if (json) printJson({ ok: true, ...summary(config, certificates), ...ruleSummary(guards) });
        else {
          printSummary(file, config, certificates);
          printRules(guards);
        }
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, json);
      }
    });
}

/**
 * Loads what the configuration would load, without a trace: where there is no local CA yet, one is made
 * in a folder that goes again. A check run as root must not leave files that the gateway cannot read.
 */
export async function inspectCertificates(config: Config): Promise<LoadedCertificates> {
  const storage = config.certificates.storage;
  const isThere = existsSync(path.join(storage, 'internal'));
  const folder = isThere ? storage : await mkdtemp(path.join(tmpdir(), 'gatehouse-check-'));
  try {
    const loaded = await loadCertificates({ ...config, certificates: { ...config.certificates, storage: folder } });
    const clients = await loadClientPolicies(config.sites);
    const problems = [...loaded.problems, ...clients.problems];
    if (problems.length > 0) throw new ProblemsError(problems);
    return loaded;
  } finally {
    if (!isThere) await rm(folder, { recursive: true, force: true });
  }
}

function summary(config: Config, { certificates, warnings }: LoadedCertificates): Record<string, unknown> {
  return {
    listen: { https: config.listen.https.map(place), http: config.listen.http.map(place) },
    sites: config.sites.map((site) => ({
      name: site.name,
      aliases: site.aliases,
      clientCertificates: site.clientCertificates,
      hsts: site.hsts,
      routes: site.routes.map(({ match, upstream, stripPrefix, waf }) => ({
        match: { ...match, header: plain(match.header), query: plain(match.query) },
        to: upstream,
        stripPrefix,
        waf: waf && { mode: waf.mode, paranoia: waf.paranoia, detectionParanoia: waf.detectionParanoia },
      })),
    })),
    upstreams: [...config.upstreams.values()].map(({ name, servers, protocol, balance }) => ({
      name,
      protocol,
      balance,
      servers: servers.map(({ url, weight }) => ({ url: url.href, weight })),
    })),
    certificates: certificates.map(certificateStatus),
    warnings,
  };
}

function printSummary(file: string, config: Config, { certificates, warnings }: LoadedCertificates): void {
  for (const warning of warnings) say(`warning: ${warning}`);
  print(`${file} is fit to run.`);
  print(`\nlisten   https ${config.listen.https.map(place).join(', ')}`);
  print(`         http  ${config.listen.http.map(place).join(', ') || 'off'}`);
  for (const site of config.sites) {
    print(`\nsite     ${[site.name, ...site.aliases].join(', ')}`);
    const { clientCertificates: asked } = site;
    if (asked !== undefined) print(`         client certificates of ${asked.ca}: ${asked.mode}`);
    for (const { match, upstream, stripPrefix, waf } of site.routes) {
      const conditions = [
        match.method?.join('|'),
        match.path?.join(' or ') ?? 'everything',
        ...[...(match.header ?? [])].map(([name, value]) => `with ${name}: ${value}`),
        ...[...(match.query ?? [])].map(([name, value]) => `with ?${name}=${value}`),
        match.client === undefined ? undefined : `from ${match.client.join(', ')}`,
        stripPrefix === undefined ? undefined : `(without ${stripPrefix})`,
      ].filter((part) => part !== undefined);
      const guarded = waf === undefined ? '' : `, rules ${waf.mode}`;
      print(`         ${conditions.join(' ')} -> ${upstream}${guarded}`);
    }
  }
  for (const { name, servers, balance } of config.upstreams.values()) {
    const urls = servers.map(({ url, weight }) => (weight === 1 ? url.href : `${url.href} (weight ${weight})`));
    print(`\nupstream ${name}: ${urls.join(', ')}${servers.length > 1 ? `, ${balance}` : ''}`);
  }
  for (const { names, source, notAfter } of certificates) {
    print(`\ncertificate for ${names.join(', ')}\n         until ${notAfter.toISOString()}, from ${source}`);
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
