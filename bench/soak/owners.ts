// Whose a connection is: of a process that is about to be killed, the ports of all clients that are connected to it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** proc(5): connections by the number of their socket; the third column is the other end's address and port. */
const ENTRY = /^\s*\d+: \S+ [0-9A-F]+:([0-9A-F]{4}) \S+ \S+ \S+ \S+ +\d+ +\d+ (\d+)/gm;

export function clientPortsOf(pid: number): number[] {
  const sockets = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined) sockets.add(inode);
    } catch {
      // Closed since it was listed.
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    Array.from(readFileSync(`/proc/net/${table}`, 'latin1').matchAll(ENTRY))
      .filter(([, , inode]) => sockets.has(inode as string))
      .map(([, port]) => Number.parseInt(port as string, 16)),
  );
}

/** In MiB; undefined: it has ended. */
export function rssOf(pid: number): number | undefined {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}
