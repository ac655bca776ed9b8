// The part of the file about TXT records for the dns-01 challenge. Each provider has its own settings;
// the table of them is here, and the resolve step holds a file to it.

import { parseDnsServer, parseResolver } from '../syntax/dns-server.ts';
import type { Parsed } from '../syntax/parsed.ts';
import { off, readBy, verbatim, word } from './kind.ts';
import { duration } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, value } from './node.ts';
import { hostName, webUrl } from './web.ts';

export const tsigAlgorithms = ['hmac-sha256', 'hmac-sha1', 'hmac-sha224', 'hmac-sha384', 'hmac-sha512'] as const;
export const dnsTransports = ['tcp', 'udp'] as const;
export const propagationChecks = ['authoritative', 'resolvers'] as const;

export type DnsProviderName = 'exec' | 'rfc2136' | 'cloudflare' | 'route53' | 'digitalocean' | 'webhook';
export type DnsSetting =
  | 'command'
  | 'server'
  | 'keyName'
  | 'keySecret'
  | 'keyAlgorithm'
  | 'zone'
  | 'transport'
  | 'token'
  | 'accessKeyId'
  | 'secretAccessKey'
  | 'sessionToken'
  | 'region'
  | 'zoneId'
  | 'endpoint'
  | 'url';

/** The settings of each provider: those it cannot do without, and those it may have. */
export const dnsProviders: Readonly<
  Record<DnsProviderName, { readonly needs: readonly DnsSetting[]; readonly allows: readonly DnsSetting[] }>
> = {
  exec: { needs: ['command'], allows: [] },
  rfc2136: { needs: ['server', 'keyName', 'keySecret'], allows: ['keyAlgorithm', 'zone', 'transport'] },
  cloudflare: { needs: ['token'], allows: ['zoneId', 'endpoint'] },
  route53: {
    needs: ['accessKeyId', 'secretAccessKey'],
    allows: ['sessionToken', 'region', 'zoneId', 'endpoint'],
  },
  digitalocean: { needs: ['token'], allows: ['endpoint'] },
  webhook: { needs: ['url'], allows: ['token'] },
};

/** What is sent in a header or signed: anything else could not be a credential, and would end up in an error. */
const credential = readBy('a credential', 'the credential, without spaces', (written): Parsed<string> => {
  if (written === '') return { fault: 'is empty; write the credential' };
  return /^[!-~]+$/.test(written) ? { value: written } : { fault: 'holds a space or a character beyond ASCII' };
});
const argument = verbatim('a text', 'a program or an argument of it', (written): Parsed<string> => {
  return written.includes('\0') ? { fault: 'holds a null character' } : { value: written };
});
const base64 = readBy('a base64 key', 'the key in base64, as tsig-keygen prints it', (written): Parsed<string> => {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(written) && written !== '';
  return isBase64 ? { value: written } : { fault: 'is not a key in base64, as tsig-keygen prints it' };
});
const identifier = readBy('an identifier', 'an identifier of letters and digits', (written): Parsed<string> => {
  return /^[A-Za-z0-9_-]{1,64}$/.test(written)
    ? { value: written }
    : { fault: 'is not an identifier of letters and digits' };
});
const resolver = readBy('an address of a resolver', 'an IP address like 192.0.2.53 or [::1]:5353', parseResolver);
const dnsServer = readBy('an address of a DNS server', 'host or host:port, like ns1.example.com', parseDnsServer);

const settings: Readonly<Record<DnsSetting, Node>> = {
  command: list(
    'exec: the program, and arguments of its own. It is run without a shell, with present or cleanup, the name and the value behind them; the same stand in GATEHOUSE_DNS_ACTION, GATEHOUSE_DNS_FQDN and GATEHOUSE_DNS_VALUE.',
    value('The program, then its arguments.', argument),
    { default: null, least: 1, examples: ['./dns-hook.sh', ['/usr/local/bin/dns-hook', '--zone', 'example.com']] },
  ),
  server: value('rfc2136: the primary server that takes updates; port 53 unless one is written.', dnsServer, {
    default: null,
    examples: ['ns1.example.com', '192.0.2.53:5353'],
  }),
  keyName: value('rfc2136: the name of the TSIG key.', hostName, { default: null, examples: ['acme-key'] }),
  keySecret: value('rfc2136: the TSIG key in base64, as tsig-keygen prints it.', base64, {
    default: null,
    examples: [`\${file:/run/secrets/tsig}`],
    secret: true,
  }),
  keyAlgorithm: value('rfc2136: the algorithm of the TSIG key.', word(...tsigAlgorithms), { default: 'hmac-sha256' }),
  zone: value('rfc2136: the zone that holds the record; by default the server is asked.', hostName, {
    default: null,
    examples: ['example.com'],
  }),
  transport: value(
    'rfc2136: tcp, or udp with tcp for what does not fit. TCP is harder to forge and to lose.',
    word(...dnsTransports),
    { default: 'tcp' },
  ),
  token: value(
    'cloudflare, digitalocean: the API token, which may edit the records of the zone; webhook: sent as Authorization: Bearer.',
    credential,
    { default: null, examples: [`\${file:/run/secrets/dns-token}`], secret: true },
  ),
  accessKeyId: value('route53: the access key.', credential, { default: null, examples: [`\${AWS_ACCESS_KEY_ID}`] }),
  secretAccessKey: value('route53: the secret of the access key.', credential, {
    default: null,
    examples: [`\${file:/run/secrets/aws}`],
    secret: true,
  }),
  sessionToken: value('route53: the token of temporary credentials.', credential, {
    default: null,
    examples: [`\${AWS_SESSION_TOKEN}`],
    secret: true,
  }),
  region: value('route53: the region that requests are signed for.', identifier, {
    default: 'us-east-1',
    examples: ['cn-northwest-1'],
  }),
  zoneId: value('cloudflare, route53: the zone that holds the record; by default it is found by name.', identifier, {
    default: null,
    examples: ['Z0123456789ABCDEFGHIJ'],
  }),
  endpoint: value(
    'cloudflare, route53, digitalocean: the base URL of the API, where it is not the public one.',
    webUrl,
    {
      default: null,
      examples: ['https://api.internal.example/client/v4'],
    },
  ),
  url: value('webhook: the base URL; POST goes to its /present and /cleanup with JSON {fqdn, value}.', webUrl, {
    default: null,
    examples: ['https://dns.internal.example/acme'],
  }),
};

export const dns: Node = map(
  'How TXT records are set for the dns-01 challenge; each provider has its own further keys.',
  {
    provider: value('Who serves the zone.', word(...Object.keys(dnsProviders))),
    ...settings,
    timeout: value(
      'The longest that writing or removing a record may take, with everything the provider is asked for it.',
      duration(1000),
      { default: '2m' },
    ),
    challengeName: value(
      'The name to write all records to, where the names of _acme-challenge cannot be looked up; by default their CNAMEs are followed.',
      hostName,
      { default: null, examples: ['acme.dns.example.net'] },
    ),
    resolvers: list(
      "DNS servers to ask for CNAMEs, zones and name servers; by default the system's.",
      value('An IP address, with a port if it is not 53.', resolver),
      { default: [], examples: [['192.0.2.53', '[2001:db8::53]:5353']] },
    ),
    propagationCheck: value(
      'Where a record must be seen before the authority is asked: at every name server of its zone, at every one of the resolvers, or nowhere (false).',
      [word(...propagationChecks), off],
      { default: 'authoritative' },
    ),
    propagationDelay: value('The wait before the first look.', duration(0), { default: '0s' }),
    propagationTimeout: value('How long a record may take to be seen.', duration(1000), { default: '2m' }),
  },
  { required: ['provider'], default: null },
);
