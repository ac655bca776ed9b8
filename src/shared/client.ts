// How Redis or Valkey is spoken to: plain or TLS, one server or whom the sentinels name as master.
import { Redis, type RedisOptions } from 'ioredis';
import type { SharedConfig } from '../config/config.ts';

const CONNECT_TIMEOUT_MS = 2000;
/** A server that is gone without a word: probes are asked more often than this. */
const SILENCE_MS = 5000;
const LONGEST_RETRY_MS = 1000;
const FIRST_RETRY_MS = 50;

/** As its constructor wants them. */
type Options = RedisOptions & { protocol: 2; replyMapping: 'legacy' };

/** Connects when told to, and again by itself for as long as it lives. Nothing is queued while it is not connected. */
export function openClient(config: SharedConfig): Redis {
  const { server, sentinels, master, username, password, sentinelPassword, database, tls } = config;
  const secured = tls === undefined ? undefined : tls.ca === undefined ? {} : { ca: tls.ca };
  const options: Options = {
    db: database,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    lazyConnect: true,
    // Every server speaks it; nothing here needs what the next one brings.
    protocol: 2,
    replyMapping: 'legacy',
    enableOfflineQueue: false,
    // Whoever listens says so at each connection; its own way leaves a failure of that to nobody, which ends the process.
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retryMs,
    sentinelRetryStrategy: retryMs,
    // The master has become a replica: the next connection goes to the new one.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(secured === undefined ? {} : { tls: secured }),
  };
  if (server !== undefined) return new Redis(server.port, server.host, options);
  const throughSentinels: RedisOptions = {
    sentinels: [...sentinels],
    name: master,
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
    // A failover is heard of when it happens, and not when the old master falls silent.
    failoverDetector: true,
    enableTLSForSentinelMode: secured !== undefined,
    ...(secured === undefined ? {} : { sentinelTLS: secured }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
  };
  Object.assign(options, throughSentinels);
  return new Redis(options);
}

/** Never random to the point of being late: a second at most. */
function retryMs(times: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times, 10)) * (0.75 + Math.random() / 4);
}
