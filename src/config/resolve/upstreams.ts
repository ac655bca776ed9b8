// Upstreams: those with a name, and those that a `to` names directly by URL.

import { createSecureContext } from 'node:tls';
import type { ServerConfig, UpstreamConfig, UpstreamTls } from '../config.ts';
import type { Part } from '../part.ts';
import { balances, defaultMaxConnections, protocols } from '../schema/upstreams.ts';
import { didYouMean } from '../suggest.ts';
import { parseHostName } from '../syntax/host-name.ts';
import { looksLikeUrl, parseServerUrl } from '../syntax/url.ts';
import { readPem } from './pem.ts';

/** More names than this in a message help nobody. */
const maxNamesShown = 10;

const plainTls: UpstreamTls = { ca: undefined, cert: undefined, key: undefined, serverName: undefined, verify: true };

export class Upstreams {
  readonly #named = new Map<string, UpstreamConfig>();
  readonly #direct = new Map<string, UpstreamConfig>();

  constructor(part: Part, baseDir: string) {
    for (const [name, upstream] of part.entries()) this.#named.set(name, resolveUpstream(name, upstream, baseDir));
  }

  /** The key of the upstream that a `to` means; undefined, and a fault told, when there is none. */
  find(to: Part): string | undefined {
    const text = to.text();
    if (text === undefined) return undefined;
    if (looksLikeUrl(text)) return this.#byUrl(text);
    if (this.#named.has(text)) return text;
    to.fault('unknown-upstream', `${to.quote()} is not an upstream${this.#advice(text)}`);
    return undefined;
  }

  /** Named ones in the order of the file, then the direct ones. */
  all(): Map<string, UpstreamConfig> {
    return new Map([...this.#named, ...this.#direct]);
  }

  #byUrl(text: string): string | undefined {
    const parsed = parseServerUrl(text);
    if ('fault' in parsed) return undefined;
    const url = parsed.value;
    const name = url.href.replace(/\/$/, '');
    if (!this.#direct.has(name)) this.#direct.set(name, unnamed(name, url));
    return name;
  }

  #advice(written: string): string {
    const names = [...this.#named.keys()];
    const hint = didYouMean(written, names);
    const shown = names.slice(0, maxNamesShown).join(', ') + (names.length > maxNamesShown ? ', …' : '');
    const known = names.length === 0 ? 'there are none in this file' : `upstreams: ${shown}`;
    const or = 'a server is written as a URL, like http://127.0.0.1:3000';
    return hint === '' ? `; ${known}; ${or}` : `${hint} (${known})`;
  }
}

function unnamed(name: string, url: URL): UpstreamConfig {
  return {
    name,
    servers: [{ url, weight: 1 }],
    protocol: 'auto',
    balance: 'least-requests',
    tls: plainTls,
    maxConnections: defaultMaxConnections,
  };
}

function resolveUpstream(name: string, part: Part, baseDir: string): UpstreamConfig {
  return {
    name,
    servers: part
      .at('servers')
      .items()
      .flatMap((server) => resolveServer(server) ?? []),
    protocol: part.at('protocol').word(protocols),
    balance: part.at('balance').word(balances),
    tls: resolveTls(part.at('tls'), baseDir),
    maxConnections: part.at('maxConnections').number(),
  };
}

function resolveServer(part: Part): ServerConfig | undefined {
  const isMap = part.text() === undefined;
  const parsed = parseServerUrl((isMap ? part.at('url') : part).text() ?? '');
  if ('fault' in parsed) return undefined;
  return { url: parsed.value, weight: isMap ? part.at('weight').number() : 1 };
}

function resolveTls(part: Part, baseDir: string): UpstreamTls {
  const serverName = part.at('serverName').text();
  const parsedName = serverName === undefined ? undefined : parseHostName(serverName);
  const tls: UpstreamTls = {
    ca: readPem(part.at('ca'), baseDir, 'CERTIFICATE'),
    cert: readPem(part.at('cert'), baseDir, 'CERTIFICATE'),
    key: readPem(part.at('key'), baseDir, 'PRIVATE KEY'),
    serverName: parsedName && 'value' in parsedName ? parsedName.value : undefined,
    verify: part.at('verify').flag(),
  };
  if (tls.cert !== undefined && tls.key !== undefined && !isUsable(tls)) {
    part.at('cert').fault('bad-value', `${part.at('cert').quote()} and its key do not fit together, or cannot be used`);
  }
  return tls;
}

function isUsable(tls: UpstreamTls): boolean {
  try {
    createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key });
    return true;
  } catch {
    return false;
  }
}
