// `gatehouse certs check NAME`: a doctor for one name. It looks at all that an order needs, tries it, and says what to do.
import { Command, InvalidArgumentError } from 'commander';
import { GatehouseError } from '../../base/errors.ts';
import { formatDnsServer, parseResolver } from '../../config/syntax/dns-server.ts';
import { isCertificateName, normalName } from '../../tls/names.ts';
import type { Finding } from '../doctor/finding.ts';
import type { Connect } from '../doctor/patient.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, FAILED, print, printJson, report } from '../outcome.ts';
import { readConfig } from '../read-config.ts';
import { SELF } from '../self.ts';
import { becomeOwnerOf } from './owner.ts';

interface Options {
  readonly config: string;
  readonly resolver: readonly string[];
  readonly connect?: Connect;
  readonly staging?: string;
  /** Undefined: where the authority has a directory for it. */
  readonly dryRun?: boolean;
  readonly json?: true;
}

export function checkNameCommand(): Command {
  return new Command('check')
    .description('look at all that a certificate for a name needs, try it, and say what to do')
    .argument('<name>', 'a host name, a wildcard or an address of the configuration')
    .option('--dry-run', 'order a certificate from the directory for rehearsals, and throw it away')
    .option('--no-dry-run', 'do not; without a word it is done where the authority is known to have such a directory')
    .option('--staging <url>', 'that directory, where it is not known', readDirectoryUrl)
    .option(
      '--resolver <address>',
      'a DNS server to ask, as address or address:port; may be repeated',
      readResolver,
      [],
    )
    .option(
      '--connect <where>',
      'HOST or HOST:HTTP,HTTPS: where to look, in place of where the name leads',
      readConnect,
    )
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      `
Every line is ok, warn or FAIL; exit code 1 when one failed. It asks nothing of the real authority but its directory.
  ${SELF} certs check app.example.com
  ${SELF} certs check app.example.com --connect 127.0.0.1:8080,8443`,
    )
    .action(async (name: string, options: Options) => {
      try {
        process.exitCode = await checkName(normalName(name), options);
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

async function checkName(name: string, options: Options): Promise<number> {
  if (!isCertificateName(name)) throw wrongCall(`${JSON.stringify(name)} is no name of a host`);
  // What the doctor needs takes a while to load, and no other command waits for it.
  const { diagnose } = await import('../doctor/diagnose.ts');
  const config = readConfig(options.config);
  becomeOwnerOf(config.certificates.storage);
  const findings: Finding[] = [];
  for await (const finding of diagnose(name, config, { ...options, resolvers: options.resolver })) {
    findings.push(finding);
    if (options.json !== true) printFinding(finding);
  }
  const isOk = findings.every(({ level }) => level !== 'fail');
  if (options.json) printJson({ ok: isOk, name, findings });
  else print(isOk ? `\n${name} is well.` : `\n${name} needs attention: see the lines that say FAIL.`);
  return isOk ? DONE : FAILED;
}

const SHOWN = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' };

function printFinding({ check, level, message, advice }: Finding): void {
  print(`${SHOWN[level]}  ${check.padEnd(12)} ${message}`);
  if (advice !== undefined) print(`      ${''.padEnd(12)} -> ${advice}`);
}

function readResolver(text: string, before: readonly string[]): string[] {
  const parsed = parseResolver(text);
  if ('fault' in parsed) throw new InvalidArgumentError(`--resolver ${parsed.fault}`);
  return [...before, formatDnsServer(parsed.value)];
}

function readDirectoryUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('--staging is not a URL');
  return new URL(text).href;
}

/** `192.0.2.1`, `host:8080,8443`, `[::1]:8080,8443`. */
function readConnect(text: string): Connect {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:,[\]\s]+))(?::(\d{1,5}),(\d{1,5}))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new InvalidArgumentError('--connect is not HOST or HOST:HTTPPORT,HTTPSPORT');
  const port = (digits: string | undefined): number | undefined => (digits === undefined ? undefined : Number(digits));
  return { host, httpPort: port(match?.[3]), httpsPort: port(match?.[4]) };
}

function wrongCall(message: string): GatehouseError {
  return new GatehouseError('config_invalid', 'gateway', message);
}
