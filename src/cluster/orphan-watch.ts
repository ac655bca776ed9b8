// A worker whose event loop stands still does not notice that its supervisor has gone, and would hold the ports for ever. A
// thread beside it does, and ends the process when the time to leave is over.
import { Worker } from 'node:worker_threads';

const LOOK_MS = 1000;
/** Beside the time to drain. */
const GRACE_MS = 2000;
/** The thread has next to nothing to keep. */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/** What the thread runs: plain, so that it loads nothing. Whoever has lost its parent is given another one. */
const THREAD = `
const { parentPort, workerData: { supervisor, lookMs, leaveMs: first } } = require('node:worker_threads');
let leaveMs = first;
parentPort.on('message', (ms) => { leaveMs = ms; });
const looking = setInterval(() => {
  if (process.ppid === supervisor) return;
  clearInterval(looking);
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), leaveMs);
}, lookMs);
`;

export class OrphanWatch {
  readonly #thread: Worker;

  constructor(drainMs: number) {
    const workerData = { supervisor: process.ppid, lookMs: LOOK_MS, leaveMs: drainMs + GRACE_MS };
    this.#thread = new Worker(THREAD, {
      eval: true,
      name: 'orphan watch',
      workerData,
      resourceLimits: LIMITS,
      execArgv: [],
    });
    this.#thread.unref();
    // Without it the worker serves as well.
    this.#thread.on('error', () => {});
  }

  /** What the configuration in force has. */
  allow(drainMs: number): void {
    this.#thread.postMessage(drainMs + GRACE_MS);
  }
}
