// Several machines with one shared store, each the real program in a folder of its own, behind one address: an authority
// that looks at it meets them in turn.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type RunningCli, startCli } from '../cli.ts';
import { newFolder } from './keeping.ts';
import { freePort } from './ports.ts';

export const SECRET = 'a secret of all machines';
/** To start the program from its sources again and again takes a second each time. */
const CACHE = path.join(tmpdir(), 'gatehouse-test-compile-cache');

export interface NodeWishes {
  readonly redis: string;
  readonly ca: { readonly directory: string; readonly rootsFile?: string };
  readonly names: readonly string[];
  /** Of `certificates.acme`. */
  readonly acme?: string;
  readonly workers?: number;
}

export interface GatewayNode {
  readonly folder: string;
  readonly tlsPort: number;
  readonly httpPort: number;
  /** Resolves when it is ready. May be called again when it was killed. */
  start(wishes: NodeWishes): Promise<void>;
  /** SIGKILL; resolves to all that it has said. */
  kill(): Promise<string>;
  /** Of the public part of the admin API. */
  get(what: 'readyz' | 'metrics'): Promise<string>;
}

export async function newNode(): Promise<GatewayNode> {
  const folder = await newFolder();
  const [tlsPort, httpPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  const file = path.join(folder, 'gatehouse.yaml');
  let running: RunningCli | undefined;
  return {
    folder,
    tlsPort,
    httpPort,
    start: async ({ redis, ca, names, acme = '', workers = 0 }) => {
      const roots = ca.rootsFile === undefined ? '' : `, trustedRoots: "${ca.rootsFile}"`;
      await writeFile(
        file,
        `listen: { https: "127.0.0.1:${tlsPort}", http: "127.0.0.1:${httpPort}" }
workers: ${workers}
admin: { socket: run/admin.sock, http: "127.0.0.1:${adminPort}" }
shared: { url: "${redis}", timeout: 1s, secret: "${SECRET}" }
certificates: { storage: shared, acme: { directory: "${ca.directory}"${roots}${acme} } }
sites:
${names.map((name) => `  "${name}": { to: "http://127.0.0.1:1", waf: { mode: off } }`).join('\n')}
`,
      );
      running = startCli(['run', '--config', file], { cwd: folder, env: { NODE_COMPILE_CACHE: CACHE } });
      await running.said('"ready"');
    },
    kill: async () => {
      running?.child.kill('SIGKILL');
      const { stdout, stderr } = (await running?.ended) ?? { stdout: '', stderr: '' };
      return stdout + stderr;
    },
    get: async (what) => (await fetch(`http://127.0.0.1:${adminPort}/${what}`)).text(),
  };
}

export interface Front {
  readonly port: number;
  /** Where the next connections go, one after the other. */
  targets: readonly number[];
}

/** One address for many ports of this machine. */
export async function startFront(): Promise<Front> {
  const front = { port: await freePort(), targets: [] as readonly number[] };
  let next = 0;
  const server = net.createServer((client) => {
    const behind = net.connect(front.targets[next++ % front.targets.length] ?? 1, '127.0.0.1');
    for (const [socket, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
      socket.pipe(other);
    }
  });
  await once(server.listen(front.port, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return front;
}
