// The running gateway: its doors, the runtime in force, and how it starts and stops.
import type { Server } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CertificateKeeper } from '../acme/keeper.ts';
import { GatehouseError } from '../base/errors.ts';
import type { Config, ListenAddress } from '../config/config.ts';
import type { ClientProof } from '../http/client-certificate.ts';
import { Records } from '../observe/records.ts';
import { readProof } from '../tls/client-proof.ts';
import { renewContext } from '../tls/options.ts';
import { DEFAULT_SITE } from '../tls/plan.ts';
import { TicketKeys } from '../tls/tickets.ts';
import { Vouchers } from '../tls/vouchers.ts';
import { FileWatch } from '../tls/watch.ts';
import { tellRefresh, watchedFiles } from './certificate-files.ts';
import { Connections } from './connections.ts';
import { plainServer, secureServer } from './listener.ts';
import { Patrol } from './patrol.ts';
import type { Context, Runtime } from './runtime.ts';
import { buildRuntime, refreshCertificates } from './runtime.ts';

type State = 'starting' | 'ready' | 'draining' | 'stopped';

/** How often the local CA looks whether its certificates are due. */
const CERTIFICATE_CHECK_MS = 6 * 3_600_000;
/** How often the files of certificates are looked at; a change is in force after two or three times that. */
const FILE_CHECK_MS = 2000;

export interface GatewayTuning {
  /** Default: 2 seconds. */
  readonly fileCheckMs?: number;
}

export class Gateway implements Context {
  readonly records: Records;
  readonly keeper: CertificateKeeper | undefined;
  readonly startedAt: Date = new Date();
  /** Where it really listens, ports filled in. */
  readonly addresses: { https: AddressInfo[]; http: AddressInfo[] } = { https: [], http: [] };
  state: State = 'starting';
  readonly #connections: Connections;
  readonly #patrol: Patrol;
  readonly #servers: (Http2SecureServer | Server)[] = [];
  #runtime: Runtime;
  /** Of session tickets; for other processes that serve the same addresses. */
  readonly ticketKeys: TicketKeys = new TicketKeys((key) => this.#useTicketKey(key));
  readonly #vouchers = new Vouchers();
  readonly #files: FileWatch;
  #refreshing: Promise<void> = Promise.resolve();
  #refreshWaiting: Promise<void> | undefined;
  #certificateCheck: NodeJS.Timeout | undefined;

  private constructor(runtime: Runtime, files: FileWatch, records: Records, keeper: CertificateKeeper | undefined) {
    this.#runtime = runtime;
    this.#files = files;
    this.records = records;
    this.keeper = keeper;
    const readProofOf = (socket: TLSSocket): ClientProof | undefined => {
      const policies = this.runtime.clientPolicies;
      if (policies.length === 0) return undefined;
      return readProof(socket, {
        policies,
        vouchers: this.#vouchers,
        isTicketKeyShared: this.ticketKeys.isShared,
      });
    };
    const { config } = runtime;
    this.#connections = new Connections(config.requestLimits, { readProof: readProofOf, closures: records.closures });
    this.#patrol = new Patrol(this.#connections, config, records.closures);
  }

  /** Resolves when every door is open; fails as a whole, leaving nothing open, when one cannot be. */
  static async start(config: Config, { fileCheckMs = FILE_CHECK_MS }: GatewayTuning = {}): Promise<Gateway> {
    const files = new FileWatch(watchedFiles(config));
    await files.look();
    const records = new Records(config.logs);
    const keeper = await openKeeper(config, records);
    const gateway = new Gateway(await buildRuntime(config, keeper), files, records, keeper);
    try {
      await gateway.#open();
      files.start(fileCheckMs, () => void gateway.refreshCertificates());
      gateway.ticketKeys.start();
    } catch (error) {
      await gateway.stop(0);
      throw error;
    }
    return gateway;
  }

  get runtime(): Runtime {
    return this.#runtime;
  }

  get httpsPort(): number {
    return this.addresses.https[0]?.port ?? 443;
  }

  /** Client connections open and requests under way. */
  get load(): { connections: number; requests: number } {
    return { connections: this.#connections.size, requests: this.#connections.active };
  }

  /** Lets requests under way finish within `drainMs`, then closes all that is left. */
  async stop(drainMs: number): Promise<void> {
    if (this.state === 'stopped') return;
    this.state = 'draining';
    clearInterval(this.#certificateCheck);
    this.#files.stop();
    this.ticketKeys.stop();
    for (const server of this.#servers) server.close();
    await Promise.all([this.keeper?.stop(), this.#connections.drain(drainMs)]);
    this.#patrol.stop();
    this.runtime.close();
    this.state = 'stopped';
  }

  /** Drops everything now. */
  destroy(): void {
    this.#connections.destroy();
  }

  /** New handshakes get the new certificates; connections stay. What cannot be loaded stays as it was. */
  refreshCertificates(): Promise<void> {
    // A thousand new certificates are a few refreshes, not a thousand: the one that waits takes up all that came so far.
    this.#refreshWaiting ??= this.#refreshing.then(() => {
      this.#refreshWaiting = undefined;
      this.#refreshing = this.#refresh();
      return this.#refreshing;
    });
    return this.#refreshWaiting;
  }

  async #refresh(): Promise<void> {
    const before = this.#runtime;
    try {
      this.#runtime = await refreshCertificates(before, this.keeper);
    } catch (error) {
      this.records.error('certificate', 'certificates could not be loaded anew; the old ones stay', error);
      return;
    }
    tellRefresh(this.records, before, this.#runtime);
    for (const server of this.#tlsServers()) {
      renewContext(server, this.#runtime.certificates, this.#runtime, this.ticketKeys.current.key);
    }
    this.#retireClients(before);
  }

  /** Who was let in by authorities that are no longer asked for has to prove itself anew. */
  #retireClients({ clientPolicies }: Runtime): void {
    const present = new Set(this.#runtime.clientPolicies.map(({ id }) => id));
    const past = clientPolicies.filter(({ id }) => !present.has(id));
    if (past.length === 0) return;
    this.ticketKeys.rotate();
    this.#connections.retire(
      ({ proof }) => proof !== undefined && past.some(({ id }) => proof.policyId === id || proof.goodFor.has(id)),
    );
  }

  #useTicketKey(key: Buffer): void {
    for (const server of this.#tlsServers()) server.setTicketKeys(key);
  }

  #tlsServers(): Http2SecureServer[] {
    return this.#servers.filter((server) => 'setTicketKeys' in server);
  }

  async #open(): Promise<void> {
    const { listen } = this.runtime.config;
    for (const address of listen.https) {
      this.addresses.https.push(
        await this.#listen(secureServer(this, this.#connections, this.ticketKeys.current.key), address),
      );
    }
    for (const address of listen.http) {
      this.addresses.http.push(await this.#listen(plainServer(this, this.#connections), address));
    }
    this.runtime.watchServers(this.records);
    this.#patrol.start();
    this.#certificateCheck = setInterval(() => void this.refreshCertificates(), CERTIFICATE_CHECK_MS).unref();
    this.state = 'ready';
    this.#keepCertificates();
  }

  /** Beside the traffic: names without a certificate yet are served with what there is. */
  #keepCertificates(): void {
    if (this.keeper === undefined) return;
    this.keeper.onChange = () => void this.refreshCertificates();
    this.keeper.start(this.runtime.loaded.wanted);
  }

  async #listen(server: Http2SecureServer | Server, address: ListenAddress): Promise<AddressInfo> {
    this.#servers.push(server);
    await listenOn(server, address);
    return server.address() as AddressInfo;
  }
}

/** With what is stored already. Undefined when no certificate is ordered, so that nothing of it is even loaded. */
async function openKeeper({ certificates, sites }: Config, records: Records): Promise<CertificateKeeper | undefined> {
  const names = sites.flatMap((site) => (site.certificate === 'auto' ? [site.name, ...site.aliases] : []));
  if (certificates.issuer !== 'acme' || names.length === 0) return undefined;
  const { CertificateKeeper } = await import('../acme/keeper.ts');
  const keeper = new CertificateKeeper(certificates, (level, message, facts) => {
    if (level === 'error') records.error('certificate', message, facts.err, { ...facts, err: undefined });
    else records[level]('certificate', message, facts);
  });
  await keeper.load(names.filter((name) => name !== DEFAULT_SITE));
  return keeper;
}

/** Fails with a GatehouseError that says what to do. */
export function listenOn(server: Http2SecureServer | Server, { host, port }: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const place = `${host ?? '*'}:${port}`;
  server.once('error', (error: NodeJS.ErrnoException) => {
    const message = `cannot listen on ${place}: ${LISTEN_FAULTS[error.code ?? ''] ?? error.message}`;
    reject(new GatehouseError('listen_failed', 'gateway', message, { cause: error }));
  });
  server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
    server.removeAllListeners('error');
    server.on('error', () => {});
    resolve();
  });
  return promise;
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this port; stop it or choose another under `listen`',
  EACCES:
    'ports below 1024 need a right: run as root, or `setcap cap_net_bind_service=+ep` on node, or choose a higher port',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'this name does not resolve to an address of this machine',
};
