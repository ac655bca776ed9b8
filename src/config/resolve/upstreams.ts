// Upstreams: those with a name, and those that a `to` names directly by URL.

import { createSecureContext } from 'node:tls';
import type { ServerConfig, UpstreamConfig, UpstreamTls } from '../model/upstreams.ts';
import type { Part } from '../part.ts';
import { balances, protocols } from '../schema/upstreams.ts';
import { didYouMean } from '../suggest.ts';
import { parseHostName } from '../syntax/host-name.ts';
import { looksLikeUrl, parseServerUrl } from '../syntax/url.ts';
import { readPem } from './pem.ts';
import { resolveEjection, resolveHash, resolveHealth, resolveRetries, resolveSticky } from './resilience.ts';

/** More names than this in a message help nobody. */
const maxNamesShown = 10;

export class Upstreams {
  readonly #named = new Map<string, UpstreamConfig>();
  readonly #direct = new Map<string, UpstreamConfig>();

  readonly #part: Part;
  readonly #baseDir: string;

  constructor(part: Part, baseDir: string) {
    this.#part = part;
    this.#baseDir = baseDir;
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

  /** Where a named one stands in the file. */
  part(name: string): Part | undefined {
    return this.#part.entries().find(([each]) => each === name)?.[1];
  }

  /** Named ones in the order of the file, then the direct ones. */
  all(): Map<string, UpstreamConfig> {
    return new Map([...this.#named, ...this.#direct]);
  }

  #byUrl(text: string): string | undefined {
    const parsed = parseServerUrl(text);
    if ('fault' in parsed) return undefined;
    const url = parsed.value.href;
    const name = url.replace(/\/$/, '');
    if (!this.#direct.has(name)) this.#direct.set(name, this.#unnamed(name, url));
    return name;
  }

  /** As if it stood in the file with nothing but its server. */
  #unnamed(name: string, url: string): UpstreamConfig {
    return { ...resolveUpstream(name, this.#part.unwritten(name), this.#baseDir), servers: [{ url, weight: 1 }] };
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

function resolveUpstream(name: string, part: Part, baseDir: string): UpstreamConfig {
  const balance = part.at('balance').word(balances);
  return {
    name,
    servers: resolveServers(part.at('servers')),
    protocol: part.at('protocol').word(protocols),
    balance,
    hash: resolveHash(part, balance),
    sticky: resolveSticky(part.at('sticky')),
    health: resolveHealth(part.at('health')),
    ejection: resolveEjection(part.at('ejection')),
    retries: resolveRetries(part.at('retries')),
    slowStartMs: part.at('slowStart').durationMs(),
    tls: resolveTls(part.at('tls'), baseDir),
    connectTimeoutMs: part.at('connectTimeout').durationMs(),
    resolveEveryMs: part.at('resolveEvery').isOff ? undefined : part.at('resolveEvery').durationMs(),
    maxConnections: part.at('maxConnections').number(),
    maxRequests: part.at('maxRequests').number(),
    maxTunnels: part.at('maxTunnels').number(),
    maxQueue: part.at('maxQueue').number(),
    queueTimeoutMs: part.at('queueTimeout').durationMs(),
  };
}

/** A server is known by its URL: written twice, it would be checked and counted as two. */
function resolveServers(part: Part): ServerConfig[] {
  const seen = new Set<string>();
  return part.items().flatMap((item) => {
    const server = resolveServer(item);
    if (server === undefined) return [];
    if (seen.has(server.url))
      item.fault(
        'duplicate-name',
        `${item.isMap ? 'this server' : item.quote()} is in the list already; give it a weight instead`,
      );
    seen.add(server.url);
    return [server];
  });
}

function resolveServer(part: Part): ServerConfig | undefined {
  const { isMap } = part;
  const parsed = parseServerUrl((isMap ? part.at('url') : part).text() ?? '');
  if ('fault' in parsed) return undefined;
  return { url: parsed.value.href, weight: isMap ? part.at('weight').number() : 1 };
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
