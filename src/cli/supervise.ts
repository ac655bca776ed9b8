// `run` with workers: this process looks after them and answers the operator, and serves no traffic itself.
import { AdminServer } from '../admin/server.ts';
import { ClusterControl } from '../cluster/control.ts';
import { Supervisor } from '../cluster/supervisor.ts';
import type { Source } from '../cluster/words.ts';
import { InheritedSockets } from '../gateway/inherited.ts';
import { stdoutSink } from '../observe/line-sink.ts';
import { Records } from '../observe/records.ts';
import { FAILED, type Written } from './outcome.ts';
import { Reloader } from './reloader.ts';
import { VERSION, WORK } from './self.ts';
import { type Reloading, type Running, tellUnused } from './serve.ts';
import { watchFiles } from './watch-files.ts';

/** Fails as a whole: with a ProblemsError for what the operator wrote, a GatehouseError for the machine's refusal. */
export async function supervise(
  written: Written,
  reloading: Reloading,
): Promise<Pick<Running, 'adminPort' | 'stopped'>> {
  const { config } = written;
  // The workers write down requests; here are only words.
  const records = new Records({ ...config.logs, access: false, waf: false });
  const stdout = stdoutSink((error) => {
    records.error('process', `records for stdout are lost: it cannot be written (${error.code})`, undefined);
  });
  const inherited = InheritedSockets.take();
  const program: [string, string] = [process.argv[1] ?? '', WORK];
  const supervisor = new Supervisor(config, sourceOf(written), records, { program, stdout, inherited });
  const target = {
    records,
    get config() {
      return supervisor.config;
    },
    get warnings() {
      return supervisor.readiness?.warnings ?? [];
    },
    reload: (next: Written) => supervisor.reload(next.config, sourceOf(next)),
  };
  const reloader: Reloader = new Reloader(target, () => admin, reloading.read);
  reloader.onOutcome = (state) => supervisor.tellReload(state);
  const admin = new AdminServer(new ClusterControl(supervisor, reloader));
  await admin.open(config);
  try {
    await supervisor.start();
  } catch (error) {
    admin.close();
    records.flush();
    throw error;
  }
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const stop = (signal: string): void => {
    if (supervisor.isStopping) {
      records.warn('process', 'stopping at once', { signal });
      supervisor.destroy();
      return;
    }
    const { drainMs } = supervisor.config.timeouts;
    records.info('process', 'draining', { signal, drainMs });
    void supervisor.stop(drainMs).then(() => {
      admin.close();
      records.info('process', 'stopped');
      records.flush();
      stdout.flush();
      resolve();
    });
  };
  process.on('uncaughtException', (error) => {
    records.error('process', 'the supervisor broke; the workers finish what is under way', error);
    records.flush();
    process.exit(FAILED);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  process.on('SIGUSR2', () => {
    records.reopen();
    supervisor.reopenLogs();
  });
  process.on('SIGHUP', () => void reloader.reload('SIGHUP'));
  if (reloading.isWatching) {
    watchFiles(reloader, () => [
      ...(supervisor.config.file === undefined ? [] : [supervisor.config.file]),
      ...(supervisor.readiness?.files ?? []),
    ]);
  }
  tellUnused(records, inherited);
  announce(supervisor);
  return { adminPort: admin.port, stopped };
}

function sourceOf({ config, text }: Written): Source {
  return { file: config.file ?? '', text };
}

function announce({ records, config, readiness, seats }: Supervisor): void {
  for (const warning of readiness?.warnings ?? []) records.warn('config', warning);
  for (const { message, file, line } of readiness?.notices ?? []) records.warn('config', message, { file, line });
  const sites = config.sites.map(({ name }) => name);
  const { listen } = readiness ?? {};
  records.info('process', 'ready', { version: VERSION, config: config.file, listen, sites, workers: seats.length });
}
