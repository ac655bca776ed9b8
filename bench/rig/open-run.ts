// How every run begins: this process on its core, the machine described, a folder for what is written, and from here on
// an eye on who else is at work and on what goes wrong.
import type { Cores } from './cores.ts';
import { pinCores } from './cores.ts';
import type { Machine, Neighbours } from './machine.ts';
import { describeMachine, watchNeighbours } from './machine.ts';
import { Workspace } from './workspace.ts';

export type Progress = (words: string) => void;

export interface OpenRun extends Disposable {
  readonly startedAt: string;
  readonly cores: Cores;
  readonly machine: Machine;
  readonly workspace: Workspace;
  readonly progress: Progress;
  /** All that went wrong, a line each. */
  readonly faults: readonly string[];
  /** Reports a fault and keeps it for the end. */
  readonly fault: (words: string) => void;
  /** What others have used since the run began. */
  readonly neighbours: () => Neighbours;
}

export function openRun(progress: Progress): OpenRun {
  const startedAt = new Date().toISOString();
  const cores = pinCores();
  const machine = describeMachine(cores);
  const workspace = new Workspace();
  const faults: string[] = [];
  return {
    startedAt,
    cores,
    machine,
    workspace,
    progress,
    faults,
    fault(words) {
      progress(`FAULT: ${words}`);
      faults.push(words);
    },
    neighbours: watchNeighbours(),
    [Symbol.dispose]: () => workspace[Symbol.dispose](),
  };
}
