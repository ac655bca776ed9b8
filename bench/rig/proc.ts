// What Linux tells of a process and all that it has started: time on the processor, and memory.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** USER_HZ: fixed for user space, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;

/** The fields of /proc/PID/stat that are used here (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** utime + stime of the process itself. */
  readonly ownTicks: number;
  /** cutime + cstime: of children that have ended and were waited for. */
  readonly endedChildrenTicks: number;
}

/** Reads the line by its last `)`: a process may have put spaces and brackets into its own name. */
export function parseStat(line: string): ProcessStat {
  const [parent, utime, stime, cutime, cstime] = [1, 11, 12, 13, 14].map((at) => Number(fields(line)[at]));
  return {
    pid: Number.parseInt(line, 10),
    parent: parent as number,
    ownTicks: (utime as number) + (stime as number),
    endedChildrenTicks: (cutime as number) + (cstime as number),
  };
}

/** The members of the tree below and with `root`. */
export function treeOf(root: number, all: readonly ProcessStat[]): ProcessStat[] {
  const found = all.filter(({ pid }) => pid === root);
  for (let i = 0; i < found.length; i++) {
    const { pid: parent } = found[i] as ProcessStat;
    found.push(...all.filter((stat) => stat.parent === parent && stat.pid !== parent));
  }
  return found;
}

/** User and system time of the process tree since each of its members began. */
export function cpuSeconds(root: number): number {
  const ticks = treeOf(root, allStats()).map(({ ownTicks, endedChildrenTicks }) => ownTicks + endedChildrenTicks);
  return ticks.reduce((sum, of) => sum + of, 0) / TICKS_PER_SECOND;
}

/** Memory that the tree's members hold now; pages that they share count once for each of them. */
export function rssBytes(root: number): number {
  return sumOfStatus(root, 'VmRSS');
}

/** The most that each member has held since `resetPeakRss`, summed up. */
export function peakRssBytes(root: number): number {
  return sumOfStatus(root, 'VmHWM');
}

/** Without the right to do so the peak stays that of the whole life of the process. */
export function resetPeakRss(root: number): void {
  for (const { pid } of treeOf(root, allStats())) {
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, '5');
    } catch {
      // Gone, or not ours.
    }
  }
}

/** Seconds of the machine since it started, from the first line of /proc/stat. */
export interface MachineTimes {
  readonly busy: number;
  /** Taken by the host's other guests. */
  readonly stolen: number;
}

export function parseMachineTimes(text: string): MachineTimes {
  const [user, nice, system, , , irq, softirq, steal] = (/^cpu +(.*)$/m.exec(text)?.[1] ?? '').split(' ').map(Number);
  const busy = [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0);
  return { busy: busy / TICKS_PER_SECOND, stolen: (steal ?? 0) / TICKS_PER_SECOND };
}

export function machineTimes(): MachineTimes {
  return parseMachineTimes(readFileSync('/proc/stat', 'latin1'));
}

function fields(line: string): string[] {
  return line.slice(line.lastIndexOf(')') + 2).split(' ');
}

function allStats(): ProcessStat[] {
  const stats: ProcessStat[] = [];
  for (const name of readdirSync('/proc')) {
    const line = /^\d+$/.test(name) ? readOrNothing(`/proc/${name}/stat`) : undefined;
    if (line !== undefined) stats.push(parseStat(line));
  }
  return stats;
}

function sumOfStatus(root: number, field: 'VmRSS' | 'VmHWM'): number {
  let kib = 0;
  for (const { pid } of treeOf(root, allStats())) {
    const status = readOrNothing(`/proc/${pid}/status`) ?? '';
    kib += Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  }
  return kib * 1024;
}

/** A process may end between being listed and being read. */
function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
