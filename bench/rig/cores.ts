// Which processor does what: the system under test has one to itself, the load and the backend share another.
// Otherwise a generator that works harder would slow down the very system that it measures.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { firstLine } from './run.ts';

export interface Cores {
  /** Undefined: not pinned. */
  readonly underTest: number | undefined;
  readonly load: number | undefined;
  /** Both and all the others, as `taskset` takes them. */
  readonly all: string | undefined;
}

/** Moves this process, and with it all that it starts without saying otherwise, to the core of the load. */
export function pinCores(): Cores {
  const allowed = parseCpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
  const [underTest, load] = allowed;
  if (underTest === undefined || load === undefined || firstLine('taskset', ['--version']) === undefined) {
    return { underTest: undefined, load: undefined, all: undefined };
  }
  spawnSync('taskset', ['-a', '-c', '-p', String(load), String(process.pid)]);
  return { underTest, load, all: allowed.join(',') };
}

/** `0-3,8` as the kernel writes it. */
export function parseCpuList(text = ''): number[] {
  const cores: number[] = [];
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map(Number);
    if (part === '' || first === undefined || last === undefined) continue;
    for (let core = first; core <= last; core++) cores.push(core);
  }
  return cores;
}
