// Gatehouse from its sources, as `node src/main.ts run` starts it.
import { readFileSync } from 'node:fs';
import type { Command } from '../../rig/run.ts';
import { firstLine } from '../../rig/run.ts';
import { HOST } from '../../rig/workspace.ts';
import type { Setup, System } from '../system.ts';
import { KEPT_CONNECTIONS, STREAMS_PER_CONNECTION } from '../system.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;

export const gatehouse: System = {
  name: 'gatehouse',
  version(): string {
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string };
    return `${version} (${firstLine('git', ['-C', ROOT, 'describe', '--always', '--dirty']) ?? 'no git'})`;
  },
  command(setup): Command {
    return start('gatehouse.yaml', config(setup, { waf: false }), setup);
  },
};

/** As it is on a machine of several cores, with one worker behind its supervisor; both are measured together. */
export const gatehouseWithWorker: System = {
  ...gatehouse,
  name: 'gatehouse+worker',
  command(setup): Command {
    return start('gatehouse-worker.yaml', config(setup, { waf: false }, 1), setup);
  },
};

/** As it is without a word on workers: one for each core. */
export const gatehouseWithWorkers: System = {
  ...gatehouse,
  name: 'gatehouse+workers',
  startsOnly: true,
  hasAllCores: true,
  command(setup): Command {
    return start('gatehouse-workers.yaml', config(setup, { waf: false }, 'auto'), setup);
  },
};

/** As it is without a word on rules: with those that it brings. */
export const gatehouseWithRules: System = {
  ...gatehouse,
  name: 'gatehouse+rules',
  startsOnly: true,
  command(setup): Command {
    return start('gatehouse-rules.yaml', config(setup, {}), setup);
  },
};

function start(name: string, text: string, { workspace }: Setup): Command {
  return { file: process.execPath, args: [`${ROOT}src/main.ts`, 'run', '-c', workspace.file(name, text)] };
}

/** JSON, which is YAML. All clients come from one address here, so the bound for each address is lifted. */
function config(
  { workspace, backendPort, port }: Setup,
  site: { readonly waf?: false },
  workers: number | 'auto' = 0,
): string {
  const { cert, key } = workspace;
  return JSON.stringify({
    listen: { https: [`127.0.0.1:${port}`], http: false },
    workers,
    admin: { socket: false, http: false },
    requestLimits: { streams: STREAMS_PER_CONNECTION, connectionsPerIp: 10_000 },
    upstreams: { app: { servers: [`http://127.0.0.1:${backendPort}`], maxConnections: KEPT_CONNECTIONS } },
    sites: { [HOST]: { certificate: { cert, key }, to: 'app', ...site } },
    logs: { level: 'warn', access: false },
  });
}
