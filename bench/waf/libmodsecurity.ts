// libmodsecurity as a side: its driver is built from C when the library's headers are installed.
import { run } from '../rig/run.ts';
import type { Workspace } from '../rig/workspace.ts';

const SOURCE = new URL('libmodsecurity.c', import.meta.url).pathname;
const BUILD_WITHIN_MS = 60_000;

/** The driver's path, or why there is none. */
export type Built = { readonly file: string } | { readonly missing: string };

export async function buildLibmodsecurity(workspace: Workspace, signal: AbortSignal): Promise<Built> {
  const file = workspace.file('libmodsecurity');
  const args = ['-O2', '-std=gnu11', '-o', file, SOURCE, '-lmodsecurity'];
  try {
    const { code, stderr } = await run({ file: 'gcc', args }, BUILD_WITHIN_MS, signal);
    return code === 0 ? { file } : { missing: `not built (Debian: libmodsecurity-dev): ${stderr.split('\n', 1)[0]}` };
  } catch (error) {
    signal.throwIfAborted();
    return { missing: `gcc cannot be started: ${(error as Error).message}` };
  }
}
