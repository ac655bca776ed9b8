// Let's Encrypt's test CA, pebble, as Debian has it (2.4): a real ACME server that shares no code with ours. It knows
// neither ARI nor profiles, and keeps its state in memory.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ApiCertificate } from './api-certificate.ts';
import { makeApiCertificate } from './api-certificate.ts';
import { Door } from './door.ts';
import { MockDns } from './mock-dns.ts';
import { freePort } from './ports.ts';
import { Program } from './program.ts';

export interface PebbleOptions {
  /** Where http-01 is validated. */
  readonly httpPort: number;
  /** Where tls-alpn-01 is validated. */
  readonly tlsPort: number;
  /** On top of no sleeps, no refused nonces and no reuse of authorizations. */
  readonly env?: Readonly<Record<string, string>>;
  readonly certificateValiditySeconds?: number;
  /** Keys in base64url by their identifier. Given: no account without one of them. */
  readonly externalAccountBindings?: Readonly<Record<string, string>>;
  /** Names that the CA refuses, with all below them. */
  readonly blocked?: readonly string[];
}

/** Nothing by chance: a test that wants nonces refused or authorizations reused at random says so in `env`. */
const STEADY = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_AUTHZREUSE: '0' };

export class Pebble implements AsyncDisposable {
  readonly directory: string;
  /** What secures the API, for trust. */
  readonly rootsPem: string;
  readonly rootsFile: string;
  readonly dns: MockDns;
  #program: Program;
  readonly #startProgram: () => Promise<Program>;
  readonly #door: Door;
  readonly #management: number;
  readonly #folder: string;

  private constructor(parts: {
    program: Program;
    startProgram: () => Promise<Program>;
    door: Door;
    dns: MockDns;
    management: number;
    folder: string;
    rootsPem: string;
  }) {
    this.#program = parts.program;
    this.#startProgram = parts.startProgram;
    this.#door = parts.door;
    this.#management = parts.management;
    this.#folder = parts.folder;
    this.dns = parts.dns;
    this.rootsPem = parts.rootsPem;
    this.rootsFile = path.join(parts.folder, 'root.pem');
    this.directory = `https://127.0.0.1:${parts.door.port}/dir`;
  }

  static async start(options: PebbleOptions): Promise<Pebble> {
    const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-pebble-'));
    await using undo = new AsyncDisposableStack();
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    const api = makeApiCertificate();
    const [port, management] = [await freePort(), await freePort()];
    const config = await writeFolder(folder, api, pebbleConfig(options, folder, port, management));
    const dns = await MockDns.start();
    undo.defer(() => dns.stop());
    const args = ['-config', config, '-dnsserver', dns.address];
    const startProgram = (): Promise<Program> =>
      Program.start('pebble', args, { port, env: { ...STEADY, ...options.env } });
    const program = await startProgram();
    undo.defer(() => program.end());
    const door = await Door.open(await freePort(), port);
    undo.move();
    return new Pebble({ program, startProgram, door, dns, management, folder, rootsPem: api.rootPem });
  }

  /** The root of the certificates it issues: new with each start. Further numbers: PEBBLE_ALTERNATE_ROOTS. */
  issuerRoot(number = 0): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const url = `https://127.0.0.1:${this.#management}/roots/${number}`;
    const call = https.get(url, { ca: this.rootsPem, agent: false }, async (response) => {
      const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString();
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`${url}: ${response.statusCode}`));
    });
    call.on('error', reject);
    return promise;
  }

  log(): string {
    return this.#program.log();
  }

  /** Connections to the API are refused; what the CA knows stays. */
  down(): Promise<void> {
    return this.#door.down();
  }

  up(): Promise<void> {
    return this.#door.up();
  }

  /** Connections are accepted and nothing is answered, until `resume`. */
  pause(): void {
    this.#program.pause();
  }

  resume(): void {
    this.#program.resume();
  }

  /** The process dies, and open connections with it; new ones are cut at once. */
  kill(): Promise<void> {
    return this.#program.end();
  }

  /** A new process at the same address: accounts, orders and its issuing root are gone. */
  async restart(): Promise<void> {
    await this.#program.end();
    this.#program = await this.#startProgram();
  }

  async stop(): Promise<void> {
    await this.#door.down();
    await this.#program.end();
    await this.dns.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export function startPebble(options: PebbleOptions): Promise<Pebble> {
  return Pebble.start(options);
}

function pebbleConfig(options: PebbleOptions, folder: string, port: number, management: number): object {
  const bindings = options.externalAccountBindings;
  return {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: path.join(folder, 'api.pem'),
    privateKey: path.join(folder, 'api.key'),
    httpPort: options.httpPort,
    tlsPort: options.tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: bindings !== undefined,
    externalAccountMACKeys: bindings ?? {},
    domainBlocklist: options.blocked ?? [],
    ...(options.certificateValiditySeconds !== undefined && {
      certificateValidityPeriod: options.certificateValiditySeconds,
    }),
  };
}

/** Returns the path of the configuration. */
async function writeFolder(folder: string, api: ApiCertificate, pebble: object): Promise<string> {
  const file = path.join(folder, 'pebble.json');
  await writeFile(path.join(folder, 'root.pem'), api.rootPem);
  await writeFile(path.join(folder, 'api.pem'), api.certPem);
  await writeFile(path.join(folder, 'api.key'), api.keyPem, { mode: 0o600 });
  await writeFile(file, JSON.stringify({ pebble }));
  return file;
}
