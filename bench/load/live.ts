// A system while it runs: started, timed to its first answer, measured under load.
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, peakRssBytes, resetPeakRss, rssBytes } from '../rig/proc.ts';
import { Daemon } from '../rig/run.ts';
import type { Workspace } from '../rig/workspace.ts';
import { freePort, HOST } from '../rig/workspace.ts';
import type { Driver, Effort, Sample } from './driver.ts';
import type { HeldMemory } from './held.ts';
import { measureHeld } from './held.ts';
import type { System } from './system.ts';

const READY_WITHIN_MS = 20_000;
const POLL_MS = 2;
/** For what a system has left to do when the generator has gone. */
const SETTLE_MS = 100;
const IDLE_MS = 1_000;

/** Where systems run. */
export interface Stage {
  readonly workspace: Workspace;
  readonly backendPort: number;
  /** The core of the system under test. */
  readonly core: number | undefined;
  /** Of a system that has all of them. */
  readonly allCores: string | undefined;
  readonly signal: AbortSignal;
}

export interface Measurement extends Sample {
  /** Of the system's process tree, user and system time. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

export class LiveSystem implements AsyncDisposable {
  readonly name: string;
  /** From the start of the process to its first 200. */
  readonly startupMs: number;
  readonly #stage: Stage;
  readonly #daemon: Daemon;
  readonly #port: number;

  private constructor(name: string, stage: Stage, daemon: Daemon, port: number, startupMs: number) {
    this.name = name;
    this.#stage = stage;
    this.#daemon = daemon;
    this.#port = port;
    this.startupMs = startupMs;
  }

  /** Fails with the system's own last words when it does not come to answer. */
  static async start(system: System, stage: Stage): Promise<LiveSystem> {
    const port = await freePort();
    const command = system.command({ workspace: stage.workspace, backendPort: stage.backendPort, port });
    const startedAt = performance.now();
    const daemon = new Daemon(command, system.hasAllCores === true ? stage.allCores : stage.core);
    try {
      while (!(await answers(port))) {
        if (daemon.fate !== undefined) throw new Error(`${system.name} ${daemon.fate}`);
        if (performance.now() - startedAt > READY_WITHIN_MS) {
          throw new Error(`${system.name} gave no 200 in ${READY_WITHIN_MS} ms: ${daemon.lastWords}`);
        }
        await sleep(POLL_MS, undefined, { signal: stage.signal });
      }
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
    return new LiveSystem(system.name, stage, daemon, port, performance.now() - startedAt);
  }

  /** Memory held a while after the last request. */
  async idleRssBytes(): Promise<number> {
    await sleep(IDLE_MS, undefined, { signal: this.#stage.signal });
    return rssBytes(this.#daemon.pid);
  }

  /** What clients that do nothing make it hold. Leaves a larger heap behind: the last thing to measure. */
  held(): Promise<HeldMemory> {
    return measureHeld(this.#port, () => rssBytes(this.#daemon.pid));
  }

  async measure(drive: Driver, effort: Effort): Promise<Measurement> {
    const { workspace, signal } = this.#stage;
    const { pid } = this.#daemon;
    resetPeakRss(pid);
    const before = cpuSeconds(pid);
    const sample = await drive({ port: this.#port, workspace }, effort, signal);
    await sleep(SETTLE_MS, undefined, { signal });
    const { fate } = this.#daemon;
    const faults = fate === undefined ? sample.faults : [...sample.faults, `the server ${fate}`];
    return { ...sample, faults, cpuSeconds: cpuSeconds(pid) - before, peakRssBytes: peakRssBytes(pid) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#daemon[Symbol.asyncDispose]();
  }
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const sent = request({
    host: '127.0.0.1',
    port,
    path: '/1k',
    servername: HOST,
    headers: { host: `${HOST}:${port}` },
    rejectUnauthorized: false,
    agent: false,
    timeout: READY_WITHIN_MS,
  });
  sent.once('timeout', () => sent.destroy());
  sent.once('error', () => resolve(false));
  sent.once('response', (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  sent.end();
  return promise;
}
