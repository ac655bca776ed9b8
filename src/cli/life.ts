// From ready to stopped, whatever runs: signals, reloads, and what a service manager hears of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminServer } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import type { Records } from '../observe/records.ts';
import { heed } from './early-signals.ts';
import { FAILED } from './outcome.ts';
import type { Reloader } from './reloader.ts';
import { ServiceManager } from './service.ts';
import { watchFiles } from './watch-files.ts';

/** What lives: one gateway, or all of several processes. */
export interface Living {
  readonly records: Records;
  /** In force. */
  readonly config: Config;
  readonly admin: AdminServer;
  readonly reloader: Reloader;
  /** What the configuration was made of beside its file. */
  files(): readonly string[];
  /** It is not ready any more for whoever asks, and goes on as before. */
  leave(): void;
  /** Finishes what is under way within that time. */
  stop(drainMs: number): Promise<void>;
  /** Drops everything. */
  destroy(): void;
  /** It is broken: this process serves nobody from now on. */
  abandon(): void;
  reopenLogs(): void;
  /** The last thing: what waits is written. */
  finish(): Promise<void>;
}

/** Resolves when it has stopped and its records are written. */
export function live(living: Living, isWatching: boolean): Promise<void> {
  const { records, reloader, admin } = living;
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const manager = new ServiceManager((reason) => {
    records.warn('process', 'the service manager is not told how it goes', { reason });
  });
  const patience = new AbortController();
  let isStopping = false;
  const stop = async (signal: string): Promise<void> => {
    isStopping = true;
    const { leaveMs, drainMs } = living.config.timeouts;
    records.info('process', 'draining', { signal, leaveMs, drainMs });
    void manager.stopping();
    living.leave();
    // Without a wait the doors close in this very turn.
    if (leaveMs > 0) await sleep(leaveMs, undefined, { signal: patience.signal }).catch(() => {});
    await living.stop(drainMs);
    manager.stop();
    admin.close();
    records.info('process', 'stopped');
    await living.finish();
    resolve();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!isStopping) return void stop(signal);
      records.warn('process', 'stopping at once', { signal });
      patience.abort();
      living.destroy();
    });
  }
  // A broken invariant of ours: nobody knows what state is left, so the process ends and says why.
  process.on('uncaughtException', (error) => {
    records.error('process', 'the gateway broke and stops', error);
    living.abandon();
    admin.close();
    void living.finish().then(() => process.exit(FAILED));
  });
  // Nothing is ready again that was said to be stopping.
  reloader.onBegin = () => {
    if (!isStopping) void manager.reloading();
  };
  reloader.onEnd = ({ ok }) => {
    if (!isStopping) void manager.ready(ok ? 'serving' : 'serving what ran before a reload that was refused');
  };
  if (isWatching) {
    watchFiles(reloader, () => {
      const { file } = living.config;
      return [...(file === undefined ? [] : [file]), ...living.files()];
    });
  }
  void manager.ready('serving');
  heed('SIGUSR2', () => living.reopenLogs());
  heed('SIGHUP', () => void reloader.reload('SIGHUP'));
  return stopped;
}
