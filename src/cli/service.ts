// What a service manager is told (systemd's sd_notify(3)): ready, reloading, stopping, and that the process still turns. Node
// has no datagram sockets of the Unix kind, so systemd's own program sends the messages; the unit needs `NotifyAccess=all`.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { InTurn } from '../base/in-turn.ts';

const PROGRAM = 'systemd-notify';
const SEND_MS = 5000;
/** Descriptors that starting a child takes for a moment: three for /dev/null, and a pipe of libuv's. */
const RESERVE = 8;
/** Within the time that the manager waits. */
const BEATS = 3;

export class ServiceManager {
  readonly #turns = new InTurn();
  readonly #tell: (reason: string) => void;
  readonly #isThere: boolean;
  #beating: NodeJS.Timeout | undefined;
  #hasFailed = false;
  /** So that no crowd of clients, who may take all others, makes the manager believe that the process stands still. */
  readonly #reserve: number[] = [];

  /** Says nothing where nobody listens. `tell` learns once why a message could not be sent. */
  constructor(tell: (reason: string) => void, env: NodeJS.ProcessEnv = process.env) {
    this.#tell = tell;
    this.#isThere = env.NOTIFY_SOCKET !== undefined && env.NOTIFY_SOCKET !== '';
    if (this.#isThere) this.#fillReserve();
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
      const child = this.#start(words);
      child.once('error', ({ message }) => this.#failed(message));
      child.once('exit', (code, signal) => {
        if (code !== 0) this.#failed(`it ended with ${code ?? signal}`);
      });
      for (const end of ['error', 'exit'] as const) child.once(end, () => resolve());
      await promise;
    });
  }

  /** The reserve is there again in the same turn, before any client takes of it. */
  #start(words: readonly string[]): ChildProcess {
    for (const descriptor of this.#reserve.splice(0)) closeSync(descriptor);
    const child = spawn(PROGRAM, words, { timeout: SEND_MS, stdio: 'ignore' });
    this.#fillReserve();
    return child;
  }

  #failed(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#tell(`${PROGRAM}: ${reason}`);
  }

  #fillReserve(): void {
    try {
      while (this.#reserve.length < RESERVE) this.#reserve.push(openSync('/dev/null', 'r'));
    } catch {
      // A later message finds what is free by then.
    }
  }
}
