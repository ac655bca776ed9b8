// Takes up the configuration anew: for SIGHUP, for `gatehouse reload`, and when its file has changed. What is wrong with it
// is told to whoever asked, in the records and in `status`; what runs goes on.
import type { Reloaded, ReloadState } from '../admin/control.ts';
import type { AdminServer } from '../admin/server.ts';
import { formatProblem, GatehouseError, ProblemsError } from '../base/errors.ts';
import { InTurn } from '../base/in-turn.ts';
import type { Config } from '../config/config.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Records } from '../observe/records.ts';

/** What configurations are put in force in: one gateway, or all of several processes. */
export interface Reloadable {
  readonly records: Records;
  /** In force. */
  readonly config: Config;
  /** Of the configuration in force. */
  readonly warnings: readonly string[];
  /** Whole or not at all. Fails with a ProblemsError or a GatehouseError. */
  reload(config: Config): Promise<void>;
  /** What became of it, for those who keep figures elsewhere. */
  tellReload?(state: ReloadState): void;
}

export class Reloader {
  readonly #target: Reloadable;
  readonly #admin: () => AdminServer;
  readonly #read: (() => Config) | undefined;
  readonly #turns = new InTurn();
  /** Called whenever another configuration is in force. */
  onReload: () => void = () => {};
  onBegin: () => void = () => {};
  /** Called after each try, whatever became of it. */
  onEnd: (state: ReloadState) => void = () => {};
  /** Of the last one; undefined: there was none. */
  state: ReloadState | undefined;

  /** `read` reads the configuration as it is now; undefined: it did not come from a file. */
  constructor(target: Reloadable, admin: () => AdminServer, read: (() => Config) | undefined) {
    this.#target = target;
    this.#admin = admin;
    this.#read = read;
  }

  /** Never rejects: what went wrong is in the outcome. */
  reload(trigger: string): Promise<Reloaded> {
    return this.#turns.run(async () => {
      this.onBegin();
      const outcome = await this.#attempt();
      const { ok, problems, error } = outcome;
      this.state = { at: new Date().toISOString(), ok, error: error ?? problems.map(formatProblem)[0] ?? null };
      const { records } = this.#target;
      this.#target.tellReload?.(this.state);
      this.onEnd(this.state);
      if (ok) {
        for (const warning of outcome.warnings) records.warn('config', warning);
        records.info('config', 'another configuration is in force', { trigger });
        this.onReload();
      } else {
        const facts = { trigger, problems: problems.map(formatProblem), error: error ?? undefined };
        records.error('config', 'the configuration was not reloaded; what ran before goes on', undefined, facts);
      }
      return outcome;
    });
  }

  async #attempt(): Promise<Reloaded> {
    try {
      if (this.#read === undefined) {
        const message = 'the gateway was started without a file, so there is nothing to reload';
        throw new GatehouseError('config_invalid', 'gateway', message);
      }
      const before = this.#target.config;
      const config = this.#read();
      const admin = await this.#admin().prepare(config);
      try {
        await this.#target.reload(config);
      } catch (error) {
        admin.discard();
        throw error;
      }
      admin.adopt();
      return {
        ok: true,
        problems: [],
        error: null,
        warnings: [...this.#target.warnings, ...lasting(before, config)],
      };
    } catch (error) {
      if (error instanceof ProblemsError) return failed(error.problems, null);
      if (error instanceof GatehouseError) return failed([], error.message);
      this.#target.records.error('config', 'a reload failed inside the gateway', error);
      return failed([], 'the gateway itself failed; its records say how');
    }
  }
}

/** A gateway alone. */
export function reloadable(gateway: Gateway): Reloadable {
  return {
    records: gateway.records,
    get config() {
      return gateway.runtime.config;
    },
    get warnings() {
      return gateway.runtime.loaded.warnings;
    },
    reload: (config) => gateway.reload(config),
  };
}

function failed(problems: Reloaded['problems'], error: string | null): Reloaded {
  return { ok: false, problems, error, warnings: [] };
}

/** What a process is given at its start and keeps. */
function lasting(before: Config, after: Config): string[] {
  return before.workers === after.workers ? [] : ['workers: the change takes effect when the gateway is restarted'];
}
