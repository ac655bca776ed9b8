// What a service manager is told (systemd's sd_notify(3)): ready, reloading, stopping, and that the process still turns. Node
// has no datagram sockets of the Unix kind, so systemd's own program sends the messages; the unit needs `NotifyAccess=all`.
import { execFile } from 'node:child_process';
import { InTurn } from '../base/in-turn.ts';

const PROGRAM = 'systemd-notify';
const SEND_MS = 5000;
/** Within the time that the manager waits. */
const BEATS = 3;

export class ServiceManager {
  readonly #turns = new InTurn();
  readonly #tell: (reason: string) => void;
  readonly #isThere: boolean;
  #beating: NodeJS.Timeout | undefined;
  #hasFailed = false;

  /** Says nothing where nobody listens. `tell` learns once why a message could not be sent. */
  constructor(tell: (reason: string) => void, env: NodeJS.ProcessEnv = process.env) {
    this.#tell = tell;
    this.#isThere = env.NOTIFY_SOCKET !== undefined && env.NOTIFY_SOCKET !== '';
    const everyMs = Number(env.WATCHDOG_USEC) / 1000 / BEATS;
    const isMeant = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === process.pid;
    if (this.#isThere && isMeant && everyMs >= 1) {
      this.#beating = setInterval(() => void this.#send('WATCHDOG=1'), everyMs).unref();
    }
  }

  ready(status: string): Promise<void> {
    return this.#send('READY=1', `STATUS=${status}`);
  }

  /** Until the next `ready`. */
  reloading(): Promise<void> {
    // Monotonic, as the manager's own clock is.
    return this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): Promise<void> {
    return this.#send('STOPPING=1', 'STATUS=draining');
  }

  stop(): void {
    clearInterval(this.#beating);
  }

  /** Never fails: what serves is not to end because nobody hears it. */
  async #send(...words: string[]): Promise<void> {
    if (!this.#isThere) return;
    await this.#turns.run(async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      execFile(PROGRAM, words, { timeout: SEND_MS }, (error) => {
        if (error !== null && !this.#hasFailed) {
          this.#hasFailed = true;
          this.#tell(`${PROGRAM}: ${error.message}`);
        }
        resolve();
      });
      await promise;
    });
  }
}
