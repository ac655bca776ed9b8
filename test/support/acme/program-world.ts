// The real program, `gatehouse run`, with an authority: as a process that can be killed at any moment.
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import type { RunningCli } from '../cli.ts';
import { startCli } from '../cli.ts';
import { newFolder, soon } from './keeping.ts';
import { freePort } from './ports.ts';

/** To start the program from its sources again and again takes a second each time. */
const CACHE = path.join(tmpdir(), 'gatehouse-test-compile-cache');

export interface Site {
  readonly folder: string;
  readonly tlsPort: number;
  readonly httpPort: number;
}

export async function newSite(folder?: string): Promise<Site> {
  return { folder: folder ?? (await newFolder()), tlsPort: await freePort(), httpPort: await freePort() };
}

/** Certificates lie in `folder`/certs. */
export async function runGatehouse(
  { folder, tlsPort, httpPort }: Site,
  ca: { readonly directory: string },
  names: readonly string[],
  more = '',
): Promise<RunningCli> {
  const file = path.join(folder, `gatehouse-${tlsPort}.yaml`);
  const yaml = `
listen: { https: "127.0.0.1:${tlsPort}", http: "127.0.0.1:${httpPort}" }
workers: 0
admin: { socket: false, http: false }
certificates: { acme: { directory: "${ca.directory}", challenges: [http-01] ${more} } }
sites:
${names.map((name) => `  ${name}: { to: "http://127.0.0.1:1", waf: { mode: off } }`).join('\n')}
`;
  await writeFile(file, yaml);
  return startCli(['run', '--config', file], { cwd: folder, env: { NODE_COMPILE_CACHE: CACHE } });
}

/** As soon as the name is served with a chain that leads to the root. */
export function served({ tlsPort }: Site, name: string, rootPem: string, timeoutMs = 60_000): Promise<true> {
  return soon(
    () => handshake(tlsPort, name, rootPem),
    () => `${name} is not served`,
    timeoutMs,
  );
}

export function handshake(port: number, servername: string, ca: string): Promise<true | undefined> {
  const { promise, resolve } = Promise.withResolvers<true | undefined>();
  const socket = tls.connect({ port, host: '127.0.0.1', servername, ca }, () => {
    socket.destroy();
    resolve(true);
  });
  socket.once('error', () => resolve(undefined));
  return promise;
}
