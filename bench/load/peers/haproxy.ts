// haproxy with one thread and connections to the backend shared by all clients.
import type { Command } from '../../rig/run.ts';
import { firstLine } from '../../rig/run.ts';
import type { Setup, System } from '../system.ts';
import { STREAMS_PER_CONNECTION } from '../system.ts';

export const haproxy: System = {
  name: 'haproxy',
  version: () => /[\d.]+\d/.exec(firstLine('haproxy', ['-v']) ?? '')?.[0],
  command(setup): Command {
    return { file: 'haproxy', args: ['-db', '-f', setup.workspace.file('haproxy.cfg', config(setup))] };
  },
};

function config({ workspace, backendPort, port }: Setup): string {
  return `global
  nbthread 1
  maxconn 8192
  tune.h2.max-concurrent-streams ${STREAMS_PER_CONNECTION}
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 10s
  option http-keep-alive
  http-reuse always
frontend door
  bind 127.0.0.1:${port} ssl crt ${workspace.certWithKey} alpn h2,http/1.1
  option forwardfor
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default_backend app
backend app
  server app1 127.0.0.1:${backendPort}
`;
}
