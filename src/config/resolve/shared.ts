// What several machines share, from a URL alone or from the parts of it.

import type { SharedConfig } from '../config.ts';
import type { Part } from '../part.ts';
import { parseHostPort } from '../syntax/address.ts';
import { parseRedisUrl } from '../syntax/url.ts';
import { readPem } from './pem.ts';

const defaultPort = 6379;

/** undefined: nothing is shared. */
export function resolveShared(part: Part, baseDir: string): SharedConfig | undefined {
  if (!part.isGiven || part.isOff) return undefined;
  const at = (key: string): Part => part.at(key);
  const url = urlOf(part.isMap ? at('url') : part);
  const sentinels = at('sentinels')
    .items()
    .flatMap((item) => {
      const parsed = parseHostPort(item.text() ?? '');
      return 'value' in parsed ? [parsed.value] : [];
    });
  const isTold = part.document.isFaulty(at('url').pointer) || at('sentinels').isGiven;
  if (url === undefined && sentinels.length === 0 && !isTold) {
    part.fault('missing-key', 'it is not said where it is; write url, or sentinels', 'key');
  }
  if (url !== undefined && sentinels.length > 0) {
    at('url').fault('bad-value', 'the sentinels say where it is; leave url or sentinels out', 'key');
  }
  const isTls = url?.protocol === 'rediss:' || at('tls').flag();
  return {
    server: url === undefined ? undefined : serverOf(url),
    sentinels,
    master: at('master').text() ?? '',
    database: databaseOf(part, url),
    username: at('username').text() ?? decoded(part, url?.username),
    password: at('password').text() ?? decoded(part, url?.password),
    sentinelPassword: at('sentinelPassword').text(),
    tls: isTls ? { ca: readPem(at('ca'), baseDir, 'CERTIFICATE') } : undefined,
    timeoutMs: at('timeout').durationMs(),
    secret: at('secret').text(),
    prefix: at('prefix').text() ?? '',
  };
}

function urlOf(part: Part): URL | undefined {
  const parsed = parseRedisUrl(part.text() ?? '');
  return 'value' in parsed ? parsed.value : undefined;
}

function serverOf({ hostname, port }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) };
}

/** `redis://host/2`, as everywhere. */
function databaseOf(part: Part, url: URL | undefined): number {
  const path = url?.pathname.slice(1) ?? '';
  if (path === '') return part.at('database').number();
  if (/^[0-9]{1,5}$/.test(path)) return Number(path);
  part.fault('bad-value', 'what stands behind the host is the number of a database, like redis://10.0.0.9:6379/2');
  return 0;
}

/** In a URL a password is written with escapes. */
function decoded(part: Part, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    part.fault('bad-value', 'a % in the user name or password of a URL is written %25');
    return undefined;
  }
}
