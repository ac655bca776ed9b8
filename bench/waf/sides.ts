// The two sides that answer the same orders, and how a process of each is started.
import type { Command } from '../rig/run.ts';
import type { Workspace } from '../rig/workspace.ts';
import { buildLibmodsecurity } from './libmodsecurity.ts';
import { modsecurityFile } from './rule-files.ts';

/** Names as in the tables. Ratios are of the first to the second. */
export const ENGINE = 'gatehouse';
export const LIBMODSECURITY = 'libmodsecurity';

export interface SideKind {
  readonly name: string;
  /** `files`: set-up, settings and rules in order. */
  readonly command: (files: readonly string[]) => Command;
}

export interface Sides {
  readonly present: readonly SideKind[];
  /** Name and reason of each that is left out. */
  readonly skipped: readonly string[];
}

const WORKER = new URL('engine-worker.ts', import.meta.url).pathname;

/** `flags`: for our engine. */
export async function findSides(
  workspace: Workspace,
  signal: AbortSignal,
  flags: readonly string[] = [],
): Promise<Sides> {
  const present: SideKind[] = [];
  const skipped: string[] = [];
  const args = [WORKER, ...flags];
  present.push({ name: ENGINE, command: (files) => ({ file: process.execPath, args: [...args, ...files] }) });
  const built = await buildLibmodsecurity(workspace, signal);
  if ('missing' in built) skipped.push(`${LIBMODSECURITY}: ${built.missing}`);
  else {
    const command = (files: readonly string[]): Command => ({
      file: built.file,
      args: [modsecurityFile(workspace), ...files],
    });
    present.push({ name: LIBMODSECURITY, command });
  }
  return { present, skipped };
}
