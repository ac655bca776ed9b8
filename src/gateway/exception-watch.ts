// Tells when exceptions are about to end and when they have ended, while the gateway runs: what was spared until yesterday
// is stopped today, and somebody has to know why.
import type { Records } from '../observe/records.ts';
import { tellExpiry } from './exception-expiry.ts';
import type { Guards } from './guards.ts';

const LOOK_MS = 3_600_000;

export class ExceptionWatch {
  readonly #guards: () => Guards | undefined;
  readonly #records: Records;
  /** Each is told once. */
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** `guards`: those in force; undefined: there are no rules. */
  constructor(guards: () => Guards | undefined, records: Records) {
    this.#guards = guards;
    this.#records = records;
  }

  /** Again when other guards are in force. */
  start(): void {
    this.stop();
    this.look(Date.now());
    this.#timer = setInterval(() => this.look(Date.now()), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(now: number): void {
    for (const { uses } of this.#guards()?.exceptions ?? []) {
      for (const { config } of uses) {
        for (const { file, line, message } of tellExpiry(config, now)) {
          const key = `${file}:${line} ${message}`;
          if (this.#told.has(key)) continue;
          this.#told.add(key);
          this.#records.warn('config', message, { file, line });
        }
      }
    }
  }
}
