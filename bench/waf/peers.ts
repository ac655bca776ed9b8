// The two servers under load: nginx with ModSecurity's connector, and the gateway. The same rule files, the same
// backend; findings go to a file.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { gatehouse } from '../load/peers/gatehouse.ts';
import { nginx, proxyServer } from '../load/peers/nginx.ts';
import type { Setup, System } from '../load/system.ts';
import { KEPT_CONNECTIONS } from '../load/system.ts';
import { nginxTempPaths, nginxUser } from '../rig/backend.ts';
import { HOST } from '../rig/workspace.ts';
import { INSPECTED_BYTES, modsecurityFile } from './rule-files.ts';

/** Names as in the tables. */
export const GATEWAY = 'gatehouse';
export const NGINX = 'nginx + libmodsecurity';

/** `files`: set-up, settings and rules in order. */
export function serversWithRules(files: readonly string[], paranoia: number): System[] {
  return [
    {
      name: GATEWAY,
      version: () => gatehouse.version(),
      command(setup) {
        const { file, args, ...rest } = gatehouse.command(setup);
        const config = setup.workspace.file(`gatehouse-waf-${paranoia}.json`, gatewayConfig(setup, files, paranoia));
        return { ...rest, file, args: args.map((arg) => (arg.endsWith('gatehouse.yaml') ? config : arg)) };
      },
    },
    {
      name: NGINX,
      version: () => (connector() === undefined ? undefined : nginx.version()),
      command(setup) {
        const config = setup.workspace.file(`nginx-waf-${paranoia}.conf`, nginxConfig(setup, files, paranoia));
        return { file: 'nginx', args: ['-e', 'stderr', '-c', config] };
      },
    },
  ];
}

/** The connector's module, where nginx looks for modules; undefined when it is not installed. */
function connector(): string | undefined {
  const { stderr } = spawnSync('nginx', ['-V'], { encoding: 'utf8' });
  const folder = /--modules-path=(\S+)/.exec(stderr ?? '')?.[1] ?? '/usr/lib/nginx/modules';
  const file = `${folder}/ngx_http_modsecurity_module.so`;
  return existsSync(file) ? file : undefined;
}

/** JSON, which is YAML. */
function gatewayConfig({ workspace, backendPort, port }: Setup, files: readonly string[], paranoia: number): string {
  const { cert, key } = workspace;
  const waf = { mode: 'block', rules: files, paranoia, detectionParanoia: paranoia };
  return JSON.stringify({
    listen: { https: [`127.0.0.1:${port}`], http: false },
    workers: 0,
    admin: { socket: false, http: false },
    requestLimits: { connectionsPerIp: 10_000 },
    upstreams: { app: { servers: [`http://127.0.0.1:${backendPort}`], maxConnections: KEPT_CONNECTIONS } },
    sites: { [HOST]: { certificate: { cert, key }, to: 'app', waf } },
    logs: { level: 'warn', access: false, waf: workspace.file('gatehouse-waf.log') },
  });
}

/** The connector writes its findings to the error log, at level info. */
function nginxConfig(setup: Setup, files: readonly string[], paranoia: number): string {
  const { workspace, backendPort } = setup;
  const rules = [modsecurityFile(workspace), ...files].map((file) => `Include ${file}\n`).join('');
  const entry = workspace.file(`nginx-waf-${paranoia}.rules`, rules);
  return `${nginxUser()} load_module ${connector()}; daemon off; worker_processes 1;
pid ${workspace.file('nginx-waf.pid')}; error_log ${workspace.file('nginx-waf.log')} info;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; client_max_body_size 100m; client_body_buffer_size ${INSPECTED_BYTES};
  ${nginxTempPaths(workspace)}
  modsecurity on; modsecurity_rules_file ${entry};
  upstream app {
    server 127.0.0.1:${backendPort};
    keepalive ${KEPT_CONNECTIONS}; keepalive_requests 1000000000;
  }
${proxyServer(setup)}}
`;
}
