// Caddy on one processor. Its HTTP/3 listener and its own certificates are off: nobody here asks for them.
import type { Command } from '../../rig/run.ts';
import { firstLine } from '../../rig/run.ts';
import { HOST } from '../../rig/workspace.ts';
import type { Setup, System } from '../system.ts';
import { KEPT_CONNECTIONS } from '../system.ts';

export const caddy: System = {
  name: 'caddy',
  version: () => firstLine('caddy', ['version'])?.split(' ', 1)[0],
  command(setup): Command {
    const { workspace } = setup;
    const home = workspace.file('caddy');
    return {
      file: 'caddy',
      args: ['run', '--adapter', 'caddyfile', '--config', workspace.file('Caddyfile', config(setup))],
      env: { GOMAXPROCS: '1', HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home },
    };
  },
};

function config({ workspace, backendPort, port }: Setup): string {
  return `{
  admin off
  auto_https off
  log {
    level ERROR
  }
  servers {
    protocols h1 h2
  }
}
https://${HOST}:${port} {
  bind 127.0.0.1
  tls ${workspace.cert} ${workspace.key}
  reverse_proxy 127.0.0.1:${backendPort} {
    transport http {
      keepalive_idle_conns ${KEPT_CONNECTIONS}
      keepalive_idle_conns_per_host ${KEPT_CONNECTIONS}
    }
  }
}
`;
}
