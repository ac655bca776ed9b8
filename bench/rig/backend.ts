// The backend behind every system: nginx where it is installed, since it is never what is waited for; else Node.
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon, firstLine } from './run.ts';
import type { Workspace } from './workspace.ts';
import { freePort } from './workspace.ts';

const READY_WITHIN_MS = 10_000;
const POLL_MS = 20;

export interface Backend extends AsyncDisposable {
  readonly port: number;
  /** What it is, for the report. */
  readonly version: string;
}

/** Resolves when it answers; `core` as for every daemon. */
export async function startBackend(workspace: Workspace, core: number | undefined): Promise<Backend> {
  const port = await freePort();
  const nginx = firstLine('nginx', ['-v']);
  const daemon =
    nginx === undefined
      ? new Daemon({ file: process.execPath, args: [NODE_BACKEND, workspace.www, String(port)] }, core)
      : new Daemon(
          { file: 'nginx', args: ['-e', 'stderr', '-c', workspace.file('backend.conf', nginxConfig(workspace, port))] },
          core,
        );
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(port))) {
    if (daemon.fate !== undefined || performance.now() > deadline) {
      await daemon[Symbol.asyncDispose]();
      throw new Error(`the backend did not start: ${daemon.lastWords}`);
    }
    await sleep(POLL_MS);
  }
  const version = nginx?.replace('nginx version: ', '') ?? `node:http of Node ${process.version}`;
  return { port, version, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

const NODE_BACKEND = new URL('node-backend.ts', import.meta.url).pathname;

/** Where nginx may put its temporary files without rights to its own folders. */
export function nginxTempPaths(workspace: Workspace): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${workspace.file(`nginx-${kind}`)};`)
    .join(' ');
}

/** As root nginx would otherwise drop its rights to a user who may not exist here. */
export function nginxUser(): string {
  return process.getuid?.() === 0 ? 'user root;' : '';
}

/**
 * A POST is mirrored to nowhere, because that makes nginx read its body to the end before it answers; by itself
 * nginx would answer at once, and a gateway that streams would find its uploads cut short.
 */
function nginxConfig(workspace: Workspace, port: number): string {
  return `${nginxUser()} daemon off; worker_processes 1;
pid ${workspace.file('backend.pid')}; error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=16;
  keepalive_requests 1000000000; keepalive_timeout 300s; client_body_buffer_size 64k; client_max_body_size 0;
  ${nginxTempPaths(workspace)}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${workspace.www};
    location = /post { mirror /nowhere; mirror_request_body on; error_page 405 =200 /ok; }
    location = /nowhere { internal; return 204; }
  }
}
`;
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  request({ host: '127.0.0.1', port, path: '/1k', agent: false })
    .once('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
    .once('error', () => resolve(false))
    .end();
  return promise;
}
