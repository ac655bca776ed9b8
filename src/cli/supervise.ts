// `run` with workers: this process looks after them and answers the operator, and serves no traffic itself.
import type { ReloadState } from '../admin/control.ts';
import { AdminServer } from '../admin/server.ts';
import { ClusterControl } from '../cluster/control.ts';
import type { Recruits } from '../cluster/recruits.ts';
import { Supervisor } from '../cluster/supervisor.ts';
import type { Config } from '../config/config.ts';
import type { InheritedSockets } from '../gateway/inherited.ts';
import { sinkOf } from '../observe/line-sink.ts';
import { Outlet } from '../observe/outlet.ts';
import { Records } from '../observe/records.ts';
import { live } from './life.ts';
import { Reloader } from './reloader.ts';
import { VERSION } from './self.ts';
import type { Reloading, Running } from './serve.ts';

/** What is there before the configuration is known. */
export interface Brought {
  readonly inherited: InheritedSockets;
  readonly recruits: Recruits;
}

/** Fails as a whole: with a ProblemsError for what the operator wrote, a GatehouseError for the machine's refusal. */
export async function supervise(
  config: Config,
  reloading: Reloading,
  { inherited, recruits }: Brought,
): Promise<Pick<Running, 'adminPort' | 'stopped'>> {
  const records = new Records(wordsOnly(config));
  const stdout = new Outlet(1, (words) => records.error('process', words, undefined));
  const supervisor = new Supervisor(config, records, { recruits, stdout: sinkOf(() => stdout.stream), inherited });
  const target = {
    records,
    get config() {
      return supervisor.config;
    },
    get warnings() {
      return supervisor.readiness?.warnings ?? [];
    },
    reload: async (next: Config) => {
      await supervisor.reload(next);
      records.use(records.open(wordsOnly(next)));
    },
    tellReload: (state: ReloadState) => supervisor.tellReload(state),
  };
  const reloader: Reloader = new Reloader(target, () => admin, reloading.read);
  const admin = new AdminServer(
    new ClusterControl(
      supervisor,
      reloader,
      () => [...records.failing, ...(stdout.failing === undefined ? [] : [stdout.failing])],
      VERSION,
    ),
  );
  await admin.open(config);
  try {
    await supervisor.start();
  } catch (error) {
    admin.close();
    await records.finish();
    throw error;
  }
  inherited.tellUnused(records);
  const stopped = live(
    {
      records,
      get config() {
        return supervisor.config;
      },
      admin,
      reloader,
      files: () => supervisor.readiness?.files ?? [],
      leave: () => supervisor.leave(),
      stop: (drainMs) => supervisor.stop(drainMs),
      destroy: () => supervisor.destroy(),
      // The workers finish what is under way when they see that it has gone.
      abandon: () => {},
      reopenLogs: () => {
        records.reopen();
        supervisor.reopenLogs();
      },
      finish: async () => {
        await Promise.all([records.finish(), stdout.finish()]);
      },
    },
    reloading.isWatching,
  );
  announce(supervisor);
  return { adminPort: admin.port, stopped };
}

/** The workers write down requests. */
function wordsOnly({ logs }: Config): Config['logs'] {
  return { ...logs, access: false, waf: false };
}

function announce({ records, config, readiness, seats }: Supervisor): void {
  for (const warning of readiness?.warnings ?? []) records.warn('config', warning);
  for (const { message, file, line } of readiness?.notices ?? []) records.warn('config', message, { file, line });
  const sites = config.sites.map(({ name }) => name);
  const { listen } = readiness ?? {};
  records.info('process', 'ready', { version: VERSION, config: config.file, listen, sites, workers: seats.length });
}
