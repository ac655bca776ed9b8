// What `run`, `expose` and `demo` share: a gateway with its admin endpoint, until a signal ends it.
import { AdminServer } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import { Gateway } from '../gateway/gateway.ts';
import { GatewayControl, printedAddress } from './control.ts';
import { FAILED } from './outcome.ts';
import { VERSION } from './self.ts';

export interface Running {
  readonly gateway: Gateway;
  /** Of /healthz, /readyz and /metrics; undefined when they are off. */
  readonly adminPort: number | undefined;
  /** Resolves when the gateway has stopped and its records are written. */
  readonly stopped: Promise<void>;
}

/** Fails as a whole: with a ProblemsError for what the operator wrote, a GatehouseError for the machine's refusal. */
export async function serve(config: Config): Promise<Running> {
  const gateway = await Gateway.start(config);
  const admin = new AdminServer(new GatewayControl(gateway));
  try {
    await admin.open(config);
  } catch (error) {
    await gateway.stop(0);
    throw error;
  }
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) {
      gateway.records.warn('process', 'stopping at once', { signal });
      gateway.destroy();
      return;
    }
    isStopping = true;
    gateway.records.info('process', 'draining', { signal, drainMs: config.timeouts.drainMs });
    void gateway.stop(config.timeouts.drainMs).then(() => {
      admin.close();
      gateway.records.info('process', 'stopped');
      gateway.records.flush();
      resolve();
    });
  };
  // A broken invariant of ours: nobody knows what state is left, so the process ends and says why.
  process.on('uncaughtException', (error) => {
    gateway.records.error('process', 'the gateway broke and stops', error);
    gateway.records.flush();
    process.exit(FAILED);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  process.on('SIGUSR2', () => gateway.records.reopen());
  process.on('SIGHUP', () => gateway.records.warn('config', 'reload is not available yet; restart to apply changes'));
  announce(gateway);
  return { gateway, adminPort: admin.port, stopped };
}

function announce({ records, runtime, addresses }: Gateway): void {
  for (const warning of runtime.loaded.warnings) records.warn('config', warning);
  const sites = runtime.config.sites.map(({ name }) => name);
  const listen = { https: addresses.https.map(printedAddress), http: addresses.http.map(printedAddress) };
  records.info('process', 'ready', { version: VERSION, config: runtime.config.file, listen, sites });
}
