// A gateway in a process of its own, with an authority beside it: what an operator has in front of him.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, vi } from 'vitest';
import { type Outcome, type RunningCli, runCli, startCli, temporaryFolder } from '../cli.ts';
import { freePort } from './ports.ts';

export interface Ports {
  readonly httpPort: number;
  readonly tlsPort: number;
}

export async function freePorts(): Promise<Ports> {
  return { httpPort: await freePort(), tlsPort: await freePort() };
}

export interface Installation extends Ports {
  readonly folder: string;
  readonly adminPort: number;
  /** A command beside the gateway, with its configuration. */
  gatehouse(...args: string[]): Promise<Outcome>;
  /** Runs the gateway; resolves when it is ready. */
  start(): Promise<RunningCli>;
  /** As `certs list --json` says, once it says so. */
  untilListed(state: string): Promise<void>;
}

/** `acme` and `sites` are YAML of these keys, in flow style. */
export async function install(
  authority: { readonly directory: string; readonly rootPem: string | undefined },
  { acme = '', sites, ports }: { readonly acme?: string; readonly sites: string; readonly ports: Ports },
): Promise<Installation> {
  const folder = await temporaryFolder();
  const adminPort = await freePort();
  if (authority.rootPem !== undefined) await writeFile(path.join(folder, 'authority.pem'), authority.rootPem);
  const roots = authority.rootPem === undefined ? '' : ', trustedRoots: authority.pem';
  await writeFile(
    path.join(folder, 'gatehouse.yaml'),
    `
listen: { https: "127.0.0.1:${ports.tlsPort}", http: "127.0.0.1:${ports.httpPort}" }
workers: 0
admin: { http: "127.0.0.1:${adminPort}", socket: run/admin.sock }
certificates: { acme: { directory: "${authority.directory}"${roots}, ${acme} } }
sites: ${sites}
`,
  );
  const gatehouse = (...args: string[]): Promise<Outcome> => runCli(args, { cwd: folder });
  return {
    ...ports,
    folder,
    adminPort,
    gatehouse,
    start: async () => {
      const running = startCli(['run'], { cwd: folder });
      await running.said('"msg":"ready"');
      return running;
    },
    untilListed: (state) =>
      vi.waitFor(
        async () => {
          const { stdout } = await gatehouse('certs', 'list', '--json');
          const { managed } = JSON.parse(stdout) as { managed: { state: string }[] };
          expect(managed.map((each) => each.state)).toEqual(managed.map(() => state));
        },
        { timeout: 20_000, interval: 100 },
      ),
  };
}
