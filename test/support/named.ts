// A real name server (BIND) on a free port, for one test file or one test.
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

export interface TestKey {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: string;
}

export interface TestZone {
  readonly name: string;
  /** Lines of the zone file below its SOA and NS. */
  readonly records?: readonly string[];
  /** Lines of update-policy; without any the zone cannot be changed. */
  readonly grants?: readonly string[];
}

export interface NamedOptions {
  readonly zones: readonly TestZone[];
  readonly keys?: readonly TestKey[];
  readonly port?: number;
}

export interface Named {
  readonly address: string;
  readonly port: number;
  /** `address:port`. */
  readonly server: string;
  /** The values under a name, sorted. */
  txt(name: string): Promise<string[]>;
  log(): string;
  close(): Promise<void>;
}

/** BIND listens on addresses of interfaces only, so not on others of 127.0.0.0/8. */
const address = '127.0.0.1';
const startMs = 10_000;

export async function startNamed({ zones, keys = [], port }: NamedOptions): Promise<Named> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-named-'));
  const listenPort = port ?? (await freePort(address));
  for (const zone of zones) writeFileSync(path.join(folder, `${zone.name}.zone`), zoneFile(zone));
  writeFileSync(path.join(folder, 'named.conf'), configuration(folder, address, listenPort, zones, keys));
  // AppArmor ties Debian's named to its own folders, by the path of the program.
  const program = path.join(folder, 'named');
  copyFileSync(spawnSync('sh', ['-c', 'command -v named'], { encoding: 'utf8' }).stdout.trim(), program);
  const child = spawn(program, ['-g', '-n', '1', '-c', path.join(folder, 'named.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`named does not start:\n${log}`)), startMs);
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (/\brunning$/m.test(log)) {
        clearTimeout(timer);
        resolve();
      }
    });
    child.once('exit', () => reject(new Error(`named ended:\n${log}`)));
  });
  const server = `${address}:${listenPort}`;
  return {
    address,
    port: listenPort,
    server,
    log: () => log,
    txt: async (name) => {
      const resolver = new Resolver({ timeout: 2000, tries: 2 });
      resolver.setServers([server]);
      const found = await resolver.resolveTxt(name).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENODATA' || error.code === 'ENOTFOUND') return [];
        throw error;
      });
      return found.map((strings) => strings.join('')).sort();
    },
    close: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes datagrams at another address, for a second server of a zone: those share the port. */
export async function forwardUdp(
  at: { readonly address: string; readonly port: number },
  to: { readonly address: string; readonly port: number },
): Promise<{ close(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const ask = createSocket('udp4');
    ask.once('message', (answer) => {
      socket.send(answer, from.port, from.address);
      ask.close();
    });
    ask.send(question, to.port, to.address);
  });
  await new Promise<void>((resolve) => socket.bind(at.port, at.address, resolve));
  return { close: () => void socket.close() };
}

/** A port that neither TCP nor UDP uses just now. */
export async function freePort(address: string): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function zoneFile({ name, records = [] }: TestZone): string {
  const ownServers = records.some((line) => /^@\s.*\bNS\b/.test(line));
  return [
    `$ORIGIN ${name}.`,
    '$TTL 1',
    `@ IN SOA ns1 admin 1 3600 600 86400 1`,
    ...(ownServers ? [] : ['@ IN NS ns1', 'ns1 IN A 127.0.0.1']),
    ...records,
    '',
  ].join('\n');
}

function configuration(
  folder: string,
  address: string,
  port: number,
  zones: readonly TestZone[],
  keys: readonly TestKey[],
): string {
  return [
    `options { directory "${folder}"; listen-on port ${port} { ${address}; }; listen-on-v6 { none; };`,
    '  recursion no; notify no; dnssec-validation no; pid-file none; minimal-responses yes;',
    `  session-keyfile "${folder}/session.key"; managed-keys-directory "${folder}"; };`,
    'controls { };',
    ...keys.map(({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`),
    ...zones.map(({ name, grants = [] }) => {
      const policy =
        grants.length === 0 ? '' : ` update-policy { ${grants.map((line) => `grant ${line};`).join(' ')} };`;
      return `zone "${name}" { type primary; file "${name}.zone";${policy} };`;
    }),
    '',
  ].join('\n');
}
