// What `workers: auto` comes to on this machine. Apart from the rest of the room, for whoever knows no configuration yet.
import { availableParallelism, totalmem } from 'node:os';

/** With the core rules, connections and a part of each cache. */
const WORKER_BYTES = 512 * 1024 * 1024;

/** One worker alone would have nobody to share the machine with: then it is 0. */
export function automaticWorkers(): number {
  // Of the container, where there is one that bounds it.
  const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const count = Math.min(availableParallelism(), Math.floor(memoryBytes / WORKER_BYTES));
  return count <= 1 ? 0 : count;
}
