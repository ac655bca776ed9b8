// nginx as it is commonly set up in front of an app.
import { nginxTempPaths, nginxUser } from '../../rig/backend.ts';
import type { Command } from '../../rig/run.ts';
import { firstLine } from '../../rig/run.ts';
import { HOST } from '../../rig/workspace.ts';
import type { Setup, System } from '../system.ts';
import { KEPT_CONNECTIONS, STREAMS_PER_CONNECTION } from '../system.ts';

export const nginx: System = {
  name: 'nginx',
  version: () => firstLine('nginx', ['-v'])?.replace('nginx version: nginx/', ''),
  command(setup): Command {
    return { file: 'nginx', args: ['-e', 'stderr', '-c', setup.workspace.file('nginx.conf', config(setup))] };
  },
};

/** Without a temporary file a long answer waits for its client in the backend, as it does behind the others. */
function config(setup: Setup): string {
  const { workspace, backendPort } = setup;
  return `${nginxUser()} daemon off; worker_processes 1;
pid ${workspace.file('nginx.pid')}; error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; client_max_body_size 100m;
  ${nginxTempPaths(workspace)}
  upstream app {
    server 127.0.0.1:${backendPort};
    keepalive ${KEPT_CONNECTIONS}; keepalive_requests 1000000000;
  }
${proxyServer(setup, `http2_max_concurrent_streams ${STREAMS_PER_CONNECTION};`)}}
`;
}

/** The server that stands in front of the upstream `app`. `settings`: more directives of its own. */
export function proxyServer({ workspace, port }: Setup, settings = ''): string {
  return `  server {
    listen 127.0.0.1:${port} ssl http2 backlog=4096;
    server_name ${HOST};
    ${settings}
    ssl_certificate ${workspace.cert}; ssl_certificate_key ${workspace.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }
  }
`;
}
