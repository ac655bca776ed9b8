// What `run`, `expose` and `demo` share: a gateway with its admin endpoint, until a signal ends it.
import { setFlagsFromString } from 'node:v8';
import { AdminServer } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import { Gateway } from '../gateway/gateway.ts';
import { InheritedSockets } from '../gateway/inherited.ts';
import { GatewayControl, printedAddress } from './control.ts';
import { live } from './life.ts';
import { Reloader, reloadable } from './reloader.ts';
import { VERSION } from './self.ts';

export interface Running {
  readonly gateway: Gateway;
  /** Of /healthz, /readyz and /metrics; undefined when they are off. */
  readonly adminPort: number | undefined;
  /** Resolves when the gateway has stopped and its records are written. */
  readonly stopped: Promise<void>;
}

export interface Reloading {
  /** Reads the configuration as it is now. */
  readonly read: () => Config;
  /** A change of its file, or of a file of its rules, is taken up by itself. */
  readonly isWatching: boolean;
}

/** Fails as a whole: with a ProblemsError for what the operator wrote, a GatehouseError for the machine's refusal. */
export async function serve(
  config: Config,
  reloading?: Reloading,
  inherited: InheritedSockets = InheritedSockets.take(),
): Promise<Running> {
  const gateway = await Gateway.start(config, { inherited });
  inherited.tellUnused(gateway.records);
  const reloader = new Reloader(reloadable(gateway), () => admin, reloading?.read);
  const admin = new AdminServer(new GatewayControl(gateway, reloader));
  try {
    await admin.open(config);
  } catch (error) {
    await gateway.stop(0);
    throw error;
  }
  const { records } = gateway;
  const stopped = live(
    {
      records,
      get config() {
        return gateway.runtime.config;
      },
      admin,
      reloader,
      files: () => gateway.runtime.guards?.files ?? [],
      leave: () => gateway.leave(),
      stop: (drainMs) => gateway.stop(drainMs),
      destroy: () => gateway.destroy(),
      abandon: () => gateway.destroy(),
      reopenLogs: () => records.reopen(),
      finish: () => records.finish(),
    },
    reloading?.isWatching === true,
  );
  // The room for young objects has grown to what a start needs. V8 would bring it to 64 MiB while rules are warmed up, and
  // hardly ever takes it back; workers have a bound of their own (cluster/recruits.ts).
  setFlagsFromString('--semi-space-growth-factor=1');
  announce(gateway);
  return { gateway, adminPort: admin.port, stopped };
}

function announce({ records, runtime, addresses }: Gateway): void {
  for (const warning of runtime.loaded.warnings) records.warn('config', warning);
  for (const { code, file, line, message } of runtime.guards?.notices ?? []) {
    if (code === 'exception-unmatched' || code === 'no-rules') records.warn('config', message, { file, line });
  }
  const sites = runtime.config.sites.map(({ name }) => name);
  const listen = { https: addresses.https.map(printedAddress), http: addresses.http.map(printedAddress) };
  records.info('process', 'ready', { version: VERSION, config: runtime.config.file, listen, sites });
}
