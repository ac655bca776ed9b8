// The command line's way to the running gateway, through its Unix socket.
import type { RequestOptions } from 'node:http';
import type { Renewed } from '../acme/keeper.ts';
import type { ManagedStatus } from '../acme/status.ts';
import { GatehouseError } from '../base/errors.ts';
import { http } from '../base/node-http.ts';
import type { Explanation } from '../tuning/explanation.ts';
import type { BanReasons, BanStatus, BanWish, CacheStatus, Purged, PurgeWish, Reloaded, Status } from './control.ts';
import type { ExceptionFigures, FindingSummary, ShadowReport } from './rules-control.ts';

const TIMEOUT_MS = 5_000;
/** Large rule sets are compiled anew. */
const RELOAD_TIMEOUT_MS = 60_000;
/** An authority may take its time, and several names wait for each other. */
const RENEWAL_TIMEOUT_MS = 15 * 60_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Like all here, fails with a GatehouseError when no gateway answers there. */
export function fetchStatus(socketPath: string): Promise<Status> {
  return ask<Status>({ socketPath, method: 'GET', path: '/status', timeout: TIMEOUT_MS });
}

/** Waits until the configuration is in force, or was refused. */
export function reloadConfig(socketPath: string): Promise<Reloaded> {
  return ask<Reloaded>({ socketPath, method: 'POST', path: '/reload', timeout: RELOAD_TIMEOUT_MS }, {});
}

/** Waits until each has succeeded or failed once. None: the gateway orders nothing for this name. */
export function renewCertificates(socketPath: string, name: string | undefined): Promise<readonly Renewed[]> {
  const path = '/certificates/renew';
  return ask<Renewed[]>({ socketPath, method: 'POST', path, timeout: RENEWAL_TIMEOUT_MS }, { name });
}

/** Lets the gateway take up what was put into its storage, and waits until that is served. */
export function lookForCertificates(socketPath: string): Promise<readonly ManagedStatus[]> {
  return ask<ManagedStatus[]>({ socketPath, method: 'POST', path: '/certificates/look', timeout: TIMEOUT_MS }, {});
}

export function fetchBans(socketPath: string): Promise<readonly BanStatus[]> {
  return ask<BanStatus[]>({ socketPath, method: 'GET', path: '/bans', timeout: TIMEOUT_MS });
}

export function addBan(socketPath: string, wish: BanWish): Promise<BanStatus> {
  return ask<BanStatus>({ socketPath, method: 'POST', path: '/bans/add', timeout: TIMEOUT_MS }, wish);
}

export function removeBan(socketPath: string, wish: Pick<BanWish, 'address' | 'site'>): Promise<readonly BanStatus[]> {
  return ask<BanStatus[]>({ socketPath, method: 'POST', path: '/bans/remove', timeout: TIMEOUT_MS }, wish);
}

export function whyBanned(socketPath: string, address: string): Promise<BanReasons> {
  return ask<BanReasons>({ socketPath, method: 'POST', path: '/bans/why', timeout: TIMEOUT_MS }, { address });
}

export function fetchCaches(socketPath: string): Promise<readonly CacheStatus[]> {
  return ask<CacheStatus[]>({ socketPath, method: 'GET', path: '/cache', timeout: TIMEOUT_MS });
}

export function purgeCache(socketPath: string, wish: PurgeWish): Promise<Purged> {
  return ask<Purged>({ socketPath, method: 'POST', path: '/cache/purge', timeout: TIMEOUT_MS }, wish);
}

/** null: the gateway knows no recent finding of that id. */
export function explainRequest(socketPath: string, requestId: string): Promise<Explanation | null> {
  const options = { socketPath, method: 'POST', path: '/rules/explain', timeout: TIMEOUT_MS };
  return ask<Explanation | null>(options, { requestId });
}

export function fetchFindings(socketPath: string): Promise<readonly FindingSummary[]> {
  return ask<FindingSummary[]>({ socketPath, method: 'GET', path: '/rules/findings', timeout: TIMEOUT_MS });
}

export function fetchExceptionFigures(socketPath: string): Promise<readonly ExceptionFigures[]> {
  return ask<ExceptionFigures[]>({ socketPath, method: 'GET', path: '/rules/exceptions', timeout: TIMEOUT_MS });
}

export function fetchShadows(socketPath: string): Promise<readonly ShadowReport[]> {
  return ask<ShadowReport[]>({ socketPath, method: 'GET', path: '/rules/shadows', timeout: TIMEOUT_MS });
}

async function ask<T>(options: RequestOptions & { socketPath: string }, wish?: object): Promise<T> {
  try {
    const { status, text } = await send(options, wish);
    if (status === 400) throw new GatehouseError('config_invalid', 'gateway', text.trim());
    if (status !== 200) throw new Error(`it answered ${status}: ${text.trim()}`);
    return JSON.parse(text) as T;
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    const { socketPath } = options;
    const reason = REASONS[code ?? ''] ?? message;
    const why = `no gateway answers on ${socketPath} (${reason}); is it running with this config? It starts with \`gatehouse run\`.`;
    throw new GatehouseError('listen_failed', 'gateway', why, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'the socket is there, but nobody listens',
  EACCES: 'permission denied: run this as the user that runs the gateway',
};

function send(options: RequestOptions, wish?: object): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const request = http.request(options, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too long'));
    });
    response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    response.once('error', reject);
  });
  request.once('timeout', () => request.destroy(new Error(`no answer within ${options.timeout} ms`)));
  request.once('error', reject);
  request.end(wish === undefined ? undefined : JSON.stringify(wish));
  return promise;
}
