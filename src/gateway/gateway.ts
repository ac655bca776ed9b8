// The running gateway: its doors, the configuration in force, and how it starts, takes another one, and stops.
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CertificateKeeper } from '../acme/keeper.ts';
import { GatehouseError } from '../base/errors.ts';
import type { FileWatch } from '../base/file-watch.ts';
import { InTurn } from '../base/in-turn.ts';
import type { PurgeOrder } from '../cache/purge.ts';
import type { Config } from '../config/config.ts';
import type { ClientProof } from '../http/client-certificate.ts';
import type { BanChange } from '../limits/bans.ts';
import { Records } from '../observe/records.ts';
import type { Shared } from '../shared/shared.ts';
import { readProof } from '../tls/client-proof.ts';
import { renewContext } from '../tls/options.ts';
import { TicketKeys } from '../tls/tickets.ts';
import { Vouchers } from '../tls/vouchers.ts';
import { Caches } from './caches.ts';
import { tellRefresh } from './certificate-files.ts';
import { Connections } from './connections.ts';
import { Doors } from './doors.ts';
import { ExceptionWatch } from './exception-watch.ts';
import type { Fellows } from './fellows.ts';
import type { InheritedSockets } from './inherited.ts';
import { isBarred, type Limiting, openLimiting } from './limits.ts';
import { Patrol } from './patrol.ts';
import { type Prepared, prepare } from './prepare.ts';
import { type Context, type Runtime, refreshCertificates } from './runtime.ts';
import { openSharing, refuseLateChange, type Sharing } from './sharing.ts';

type State = 'starting' | 'ready' | 'draining' | 'stopped';

/** How often the local CA looks whether its certificates are due. */
const CERTIFICATE_CHECK_MS = 6 * 3_600_000;
/** How often the files of certificates are looked at; a change is in force after two or three times that. */
const FILE_CHECK_MS = 2000;

export interface GatewayTuning {
  /** Default: 2 seconds. */
  readonly fileCheckMs?: number;
  /** undefined: no other process serves the same addresses. */
  readonly fellows?: Fellows;
  /** Sockets that are bound already, without fellows. */
  readonly inherited?: InheritedSockets;
}

/** Another configuration, ready beside the one in force. Exactly one of both is called, and neither fails. */
export interface PreparedReload {
  /** Puts it in force, at once. */
  readonly commit: () => void;
  /** Leaves everything as it was. */
  readonly discard: () => void;
}

export class Gateway implements Context {
  readonly records: Records;
  readonly startedAt: Date = new Date();
  state: State = 'starting';
  readonly #tuning: GatewayTuning;
  readonly #connections: Connections;
  readonly #doors: Doors;
  #patrol: Patrol;
  #runtime: Runtime;
  #keeper: CertificateKeeper | undefined;
  /** Of session tickets; for other processes that serve the same addresses. */
  readonly ticketKeys: TicketKeys = new TicketKeys((key) => this.#useTicketKey(key));
  readonly #sharing: Sharing;
  readonly #limiting: Limiting;
  readonly #vouchers = new Vouchers();
  #files: FileWatch;
  /** What is put in force is put in force one after the other: certificates that have changed, and configurations. */
  readonly #changes = new InTurn();
  #refreshWaiting: Promise<void> | undefined;
  #certificateCheck: NodeJS.Timeout | undefined;
  readonly #exceptions: ExceptionWatch;
  /** Does what only one of several processes does. */
  #leads: boolean;

  private constructor(
    { settle, files, keeper }: Prepared,
    records: Records,
    sharing: Sharing,
    limiting: Limiting,
    tuning: GatewayTuning,
  ) {
    const runtime = settle();
    this.#runtime = runtime;
    this.#sharing = sharing;
    this.#limiting = limiting;
    this.#files = files;
    this.#keeper = keeper;
    this.#tuning = tuning;
    this.#leads = tuning.fellows?.isLead ?? true;
    this.records = records;
    this.#exceptions = new ExceptionWatch(() => this.runtime.guards, records);
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
    this.#connections = new Connections(config.requestLimits, {
      readProof: readProofOf,
      closures: records.closures,
      isBarred: (address) => isBarred(this.runtime, address),
      isTrusted: (peer) => this.runtime.trusted.has(peer),
    });
    this.#patrol = new Patrol(this.#connections, config, records.closures);
    const listenOn = tuning.fellows?.listenOn ?? ((_, place) => tuning.inherited?.find(place));
    this.#doors = new Doors(this, this.#connections, () => this.ticketKeys.current.key, listenOn);
    if (tuning.fellows !== undefined) this.ticketKeys.adopt(tuning.fellows.ticketKey);
  }

  /** Resolves when every door is open; fails as a whole, leaving nothing open, when one cannot be. */
  static async start(config: Config, tuning: GatewayTuning = {}): Promise<Gateway> {
    const records = new Records(config.logs, config.record, tuning.fellows?.number);
    const sharing = await openSharing(config, records);
    const limiting = await openLimiting(config, records, sharing.store, tuning.fellows);
    const caches = new Caches(records);
    caches.onPurge = (order) => tuning.fellows?.purged(order);
    const kept = { limits: limiting.state, caches, storage: sharing.storage };
    const prepared = await prepare(config, records, kept).catch(async (error: unknown) => {
      await limiting.keepBans();
      sharing.store?.close();
      throw error;
    });
    const gateway = new Gateway(prepared, records, sharing, limiting, tuning);
    try {
      gateway.#doors.adopt(await gateway.#doors.open(config));
      gateway.#begin();
      // Several processes have one key, which somebody else replaces in time.
      if (tuning.fellows === undefined) gateway.ticketKeys.start();
      gateway.#certificateCheck = setInterval(() => void gateway.refreshCertificates(), CERTIFICATE_CHECK_MS).unref();
      gateway.state = 'ready';
    } catch (error) {
      await gateway.stop(0);
      throw error;
    }
    return gateway;
  }

  get runtime(): Runtime {
    return this.#runtime;
  }

  get keeper(): CertificateKeeper | undefined {
    return this.#keeper;
  }

  /** undefined: this machine shares nothing. */
  get shared(): Shared | undefined {
    return this.#sharing.store;
  }

  /** Resolves when a restart would find all bans of now. Never fails: what could not be written is told. */
  keepBans(): Promise<void> {
    return this.#limiting.keepBans();
  }

  /** Where it really listens, ports filled in. */
  get addresses(): { https: AddressInfo[]; http: AddressInfo[] } {
    return this.#doors.addresses;
  }

  get httpsPort(): number {
    return this.addresses.https[0]?.port ?? 443;
  }

  /** Client connections open and requests under way. */
  get load(): { connections: number; requests: number } {
    return { connections: this.#connections.size, requests: this.#connections.active };
  }

  /**
   * Puts another configuration in force, whole or not at all: everything is built and opened beside what runs, which goes
   * on. Connections, requests under way and all that the change does not touch stay. Fails with a ProblemsError or a
   * GatehouseError, and nothing has changed.
   */
  async reload(config: Config): Promise<void> {
    (await this.prepareReload(config)).commit();
  }

  /**
   * The first half of a reload, all that can fail. Nothing else is put in force until it is committed or discarded, so
   * that comes soon.
   */
  prepareReload(config: Config): Promise<PreparedReload> {
    const { promise, resolve, reject } = Promise.withResolvers<PreparedReload>();
    void this.#changes.run(async () => {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      try {
        const { commit, discard } = await this.#prepareReload(config);
        const ending = (act: () => void) => (): void => {
          act();
          end();
        };
        resolve({ commit: ending(commit), discard: ending(discard) });
      } catch (error) {
        reject(error);
        end();
      }
      await ended;
    });
    return promise;
  }

  /** From now on this process orders certificates and writes down bans. */
  lead(): void {
    this.#leads = true;
    this.#limiting.lead();
    if (this.#keeper !== undefined) this.#startKeeper(this.#keeper);
  }

  /** What another process has done about a ban. */
  heardOfBan(change: BanChange): void {
    this.#limiting.heard(change);
  }

  /** What another process has thrown away. */
  heardOfPurge(order: PurgeOrder): void {
    void this.runtime.caches.apply(order);
  }

  /** Another process has put certificates into the storage; resolves when they are served. */
  async heardOfCertificates(): Promise<void> {
    await this.#keeper?.look();
    await this.refreshCertificates();
  }

  /** It is not ready any more for whoever asks, and goes on as before. */
  leave(): void {
    this.state = 'draining';
  }

  /** Lets requests under way finish within `drainMs`, then closes all that is left. */
  async stop(drainMs: number): Promise<void> {
    if (this.state === 'stopped') return;
    this.state = 'draining';
    clearInterval(this.#certificateCheck);
    this.#exceptions.stop();
    this.#files.stop();
    this.ticketKeys.stop();
    this.#doors.close();
    await Promise.all([this.keeper?.stop(), this.#connections.drain(drainMs)]);
    this.#patrol.stop();
    await this.#limiting.keepBans();
    this.#sharing.store?.close();
    this.runtime.close();
    await this.runtime.caches.close();
    this.state = 'stopped';
  }

  /** Drops everything now. */
  destroy(): void {
    this.#connections.destroy();
  }

  /** New handshakes get the new certificates; connections stay. What cannot be loaded stays as it was. */
  refreshCertificates(): Promise<void> {
    // A thousand new certificates are a few refreshes, not a thousand: the one that waits takes up all that came so far.
    this.#refreshWaiting ??= this.#changes.run(() => {
      this.#refreshWaiting = undefined;
      return this.#refresh();
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
    this.#renewContexts();
    this.#retireClients(before);
  }

  async #prepareReload(config: Config): Promise<PreparedReload> {
    if (this.state !== 'ready') {
      throw new GatehouseError('config_invalid', 'gateway', 'the gateway is stopping; nothing was reloaded');
    }
    refuseLateChange(this.#runtime.config, config);
    const before = this.#runtime;
    const keeperBefore = this.#keeper;
    const inForce = { runtime: before, keeper: keeperBefore };
    const kept = { limits: before.limits, caches: before.caches, storage: this.#sharing.storage };
    const { settle, files, keeper } = await prepare(config, this.records, kept, inForce);
    const logs = this.records.open(config.logs, config.record);
    const doors = await this.#doors.open(config).catch((error: unknown) => {
      this.records.discard(logs);
      throw error;
    });
    const commit = (): void => {
      // From here on nothing fails and nothing waits: no request sees half of it.
      this.#runtime = settle();
      this.#keeper = keeper;
      this.records.use(logs);
      this.#connections.limits = config.requestLimits;
      this.#doors.adopt(doors);
      this.#renewContexts();
      this.#retireClients(before);
      this.#patrol.stop();
      this.#patrol = new Patrol(this.#connections, config, this.records.closures);
      this.#files.stop();
      this.#files = files;
      this.#begin();
      if (keeper !== keeperBefore) void keeperBefore?.stop();
    };
    const discard = (): void => {
      this.#doors.discard(doors);
      this.records.discard(logs);
    };
    return { commit, discard };
  }

  /** What goes on by itself while the configuration is in force. */
  #begin(): void {
    this.runtime.watchServers(this.records);
    this.#patrol.start();
    this.#exceptions.start();
    this.#files.start(this.#tuning.fileCheckMs ?? FILE_CHECK_MS, () => void this.refreshCertificates());
    // Beside the traffic: names without a certificate yet are served with what there is.
    if (this.#keeper === undefined) return;
    this.#keeper.onChange = () => {
      void this.refreshCertificates();
      if (this.#leads) this.#tuning.fellows?.certificatesChanged();
    };
    this.#startKeeper(this.#keeper);
  }

  #startKeeper(keeper: CertificateKeeper): void {
    const { fellows } = this.#tuning;
    keeper.orderElsewhere = this.#leads || fellows === undefined ? undefined : (name) => fellows.order(name);
    keeper.start(this.runtime.loaded.wanted);
  }

  #renewContexts(): void {
    for (const server of this.#doors.tlsServers) {
      renewContext(server, this.#runtime.certificates, this.#runtime, this.ticketKeys.current.key);
    }
  }

  /** Who was let in by authorities that are no longer asked for has to prove itself anew. */
  #retireClients({ clientPolicies }: Runtime): void {
    const present = new Set(this.#runtime.clientPolicies.map(({ id }) => id));
    const past = clientPolicies.filter(({ id }) => !present.has(id));
    if (past.length === 0) return;
    this.ticketKeys.rotate();
    this.#tuning.fellows?.ticketsEnded();
    this.#connections.retire(
      ({ proof }) => proof !== undefined && past.some(({ id }) => proof.policyId === id || proof.goodFor.has(id)),
    );
  }

  #useTicketKey(key: Buffer): void {
    for (const server of this.#doors.tlsServers) server.setTicketKeys(key);
  }
}
