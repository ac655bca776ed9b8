// What a gateway looks at by itself while a configuration is in force: its connections, certificates that have changed, and
// exceptions that end.
import type { FileWatch } from '../base/file-watch.ts';
import type { Config } from '../config/config.ts';
import type { Connections } from './connections.ts';
import { ExceptionWatch } from './exception-watch.ts';
import { Patrol } from './patrol.ts';
import { Refresh, type RefreshParts } from './refresh.ts';

export class Rounds {
  readonly #connections: Connections;
  readonly #parts: RefreshParts;
  readonly #refresh: Refresh;
  readonly #exceptions: ExceptionWatch;
  #patrol: Patrol;

  constructor(connections: Connections, config: Config, parts: RefreshParts) {
    this.#connections = connections;
    this.#parts = parts;
    this.#refresh = new Refresh(parts);
    this.#exceptions = new ExceptionWatch(() => parts.runtime().guards, parts.records);
    this.#patrol = this.#patrolFor(config);
  }

  /** From now on; again when another configuration is in force. */
  start(): void {
    this.#patrol.start();
    this.#exceptions.start();
    this.#refresh.start();
  }

  /** From the next start on by this configuration, and with these files of certificates. */
  adopt(config: Config, files: FileWatch): void {
    this.#patrol.stop();
    this.#patrol = this.#patrolFor(config);
    this.#refresh.watch(files);
  }

  /** Resolves when all certificates that have changed until now are served. */
  refresh(): Promise<void> {
    return this.#refresh.run();
  }

  /** Nothing comes into force any more; connections are looked at to their end. */
  leave(): void {
    this.#exceptions.stop();
    this.#refresh.stop();
  }

  stop(): void {
    this.leave();
    this.#patrol.stop();
  }

  #patrolFor(config: Config): Patrol {
    return new Patrol(this.#connections, config, this.#parts.records.closures);
  }
}
