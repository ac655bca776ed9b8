// How TXT records are set. A setting of another provider is a fault, for it would do nothing; one that
// the provider needs and does not get is one too.

import { resolve } from 'node:path';
import type { DnsConfig, DnsProviderConfig } from '../model/certificates.ts';
import type { Part } from '../part.ts';
import { pointerTo, readablePath } from '../pointer.ts';
import type { DnsProviderName, DnsSetting } from '../schema/dns.ts';
import { dnsProviders, dnsTransports, propagationChecks, tsigAlgorithms } from '../schema/dns.ts';
import type { DnsServerAddress } from '../syntax/dns-server.ts';
import { formatDnsServer, parseDnsServer, parseResolver } from '../syntax/dns-server.ts';
import { parseHostName } from '../syntax/host-name.ts';
import type { Parsed } from '../syntax/parsed.ts';

/** undefined: there is none, or, with faults told, none that could be used. */
export function resolveDns(part: Part, baseDir: string): DnsConfig | undefined {
  if (!part.isGiven) return undefined;
  const provider = resolveProvider(part, baseDir);
  if (provider === undefined) return undefined;
  const check = part.at('propagationCheck');
  return {
    provider,
    timeoutMs: part.at('timeout').durationMs(),
    challengeName: nameOf(part.at('challengeName')),
    resolvers: part
      .at('resolvers')
      .items()
      .flatMap((item) => readOf(parseResolver(item.text() ?? '')) ?? [])
      .map(formatDnsServer),
    propagation: {
      check: check.isOff ? 'off' : check.word(propagationChecks),
      delayMs: part.at('propagationDelay').durationMs(),
      timeoutMs: part.at('propagationTimeout').durationMs(),
    },
  };
}

function resolveProvider(part: Part, baseDir: string): DnsProviderConfig | undefined {
  if (!part.at('provider').isGiven) return undefined;
  const name = part.at('provider').word(Object.keys(dnsProviders) as DnsProviderName[]);
  if (!hasItsSettings(part, name)) return undefined;
  const text = (setting: DnsSetting): string => part.at(setting).text() ?? '';
  const maybe = (setting: DnsSetting): string | undefined => part.at(setting).text();
  switch (name) {
    case 'exec':
      return { name, command: commandOf(part.at('command'), baseDir) };
    case 'rfc2136':
      return {
        name,
        server: serverOf(part.at('server')),
        key: {
          name: nameOf(part.at('keyName')) ?? '',
          algorithm: part.at('keyAlgorithm').word(tsigAlgorithms),
          secret: text('keySecret'),
        },
        zone: nameOf(part.at('zone')),
        transport: part.at('transport').word(dnsTransports),
      };
    case 'cloudflare':
      return { name, token: text('token'), zoneId: maybe('zoneId'), endpoint: maybe('endpoint') };
    case 'route53':
      return {
        name,
        accessKeyId: text('accessKeyId'),
        secretAccessKey: text('secretAccessKey'),
        sessionToken: maybe('sessionToken'),
        region: text('region'),
        zoneId: maybe('zoneId'),
        endpoint: maybe('endpoint'),
      };
    case 'digitalocean':
      return { name, token: text('token'), endpoint: maybe('endpoint') };
    case 'webhook':
      return { name, url: text('url'), token: maybe('token') };
  }
}

/** Tells what is missing and what belongs to another provider. */
function hasItsSettings(part: Part, provider: DnsProviderName): boolean {
  const { needs, allows } = dnsProviders[provider];
  const own = [...needs, ...allows];
  const all = new Set(Object.values(dnsProviders).flatMap((each) => [...each.needs, ...each.allows]));
  const foreign = [...all].filter((setting) => part.at(setting).isGiven && !own.includes(setting));
  for (const setting of foreign) {
    const text = `"${setting}" is not a setting of ${provider}, which has ${own.join(', ')}`;
    part.document.tell(pointerTo(part.pointer, setting), 'unknown-key', text, 'key', readablePath(part.pointer));
  }
  const missing = needs.filter((setting) => !part.at(setting).isGiven);
  for (const setting of missing) {
    if (part.document.isFaulty(part.at(setting).pointer)) continue;
    part.document.tell(part.pointer, 'missing-key', `the key "${setting}" is missing, which ${provider} needs`, 'key');
  }
  return foreign.length === 0 && missing.length === 0;
}

/** A program with a slash in it is a path; any other is looked for in PATH. */
function commandOf(part: Part, baseDir: string): readonly string[] {
  const [program = '', ...rest] = part.items().map((item) => item.text() ?? '');
  return [program.includes('/') ? resolve(baseDir, program) : program, ...rest];
}

function serverOf(part: Part): DnsServerAddress {
  return readOf(parseDnsServer(part.text() ?? '')) ?? { host: '', port: 0 };
}

function nameOf(part: Part): string | undefined {
  return readOf(parseHostName(part.text() ?? ''));
}

function readOf<T>(parsed: Parsed<T>): T | undefined {
  return 'value' in parsed ? parsed.value : undefined;
}
