// The running gateway: its doors, the configuration in force, and how it starts, takes another one, and stops.
import type { AddressInfo } from 'node:net';
import type { CertificateKeeper } from '../acme/keeper.ts';
import { GatehouseError } from '../base/errors.ts';
import { InTurn } from '../base/in-turn.ts';
import type { Config } from '../config/config.ts';
import { Records } from '../observe/records.ts';
import type { Shared } from '../shared/shared.ts';
import type { TicketKeys } from '../tls/tickets.ts';
import { Connections } from './connections.ts';
import { Doors } from './doors.ts';
import type { GatewayTuning } from './fellows.ts';
import { startKeeper } from './keeper.ts';
import { Kept } from './kept.ts';
import { isBarred } from './limits.ts';
import { followedBy, type Prepared, type PreparedReload, prepare } from './prepare.ts';
import { Rounds } from './rounds.ts';
import type { Context, Runtime } from './runtime.ts';
import { Sessions } from './sessions.ts';
import { refuseLateChange } from './sharing.ts';

type State = 'starting' | 'ready' | 'draining' | 'stopped';

export class Gateway implements Context {
  readonly records: Records;
  readonly startedAt: Date = new Date();
  state: State = 'starting';
  readonly #tuning: GatewayTuning;
  readonly #connections: Connections;
  readonly #doors: Doors;
  #runtime: Runtime;
  #keeper: CertificateKeeper | undefined;
  readonly kept: Kept;
  readonly #sessions: Sessions;
  /** What is put in force is put in force one after the other: certificates that have changed, and configurations. */
  readonly #changes = new InTurn();
  readonly #rounds: Rounds;
  /** Does what only one of several processes does. */
  #leads: boolean;

  private constructor({ settle, files, keeper }: Prepared, records: Records, kept: Kept, tuning: GatewayTuning) {
    this.#runtime = settle();
    this.kept = kept;
    this.#keeper = keeper;
    this.#tuning = tuning;
    this.#leads = tuning.fellows?.isLead ?? true;
    this.records = records;
    this.#sessions = new Sessions({ runtime: () => this.#runtime, servers: () => this.#doors.tlsServers });
    const { config } = this.#runtime;
    this.#connections = new Connections(config.requestLimits, {
      readProof: (socket) => this.#sessions.readProof(socket),
      closures: records.closures,
      isBarred: (address) => isBarred(this.runtime, address),
      isTrusted: (peer) => this.runtime.trusted.has(peer),
    });
    this.#rounds = new Rounds(this.#connections, config, {
      changes: this.#changes,
      records,
      files,
      fileCheckMs: tuning.fileCheckMs,
      runtime: () => this.#runtime,
      keeper: () => this.#keeper,
      use: (next) => {
        const before = this.#runtime;
        this.#runtime = next;
        this.#follow(before);
      },
    });
    const listenOn = tuning.fellows?.listenOn ?? ((_, place) => tuning.inherited?.find(place));
    this.#doors = new Doors(this, this.#connections, () => this.#sessions.ticketKey, listenOn);
    if (tuning.fellows !== undefined) this.ticketKeys.adopt(tuning.fellows.ticketKey);
  }

  /** Resolves when every door is open; fails as a whole, leaving nothing open, when one cannot be. */
  static async start(config: Config, tuning: GatewayTuning = {}): Promise<Gateway> {
    const records = new Records(config.logs, config.record, tuning.fellows?.number);
    const kept = await Kept.open(config, records, tuning.fellows);
    const prepared = await prepare(config, records, kept).catch(async (error: unknown) => {
      await kept.close();
      throw error;
    });
    const gateway = new Gateway(prepared, records, kept, tuning);
    try {
      gateway.#doors.adopt(await gateway.#doors.open(config));
      gateway.#begin();
      // Several processes have one key, which somebody else replaces in time.
      if (tuning.fellows === undefined) gateway.ticketKeys.start();
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
    return this.kept.shared;
  }

  /** Of session tickets; for other processes that serve the same addresses. */
  get ticketKeys(): TicketKeys {
    return this.#sessions.ticketKeys;
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
    return { connections: this.#connections.arrivals.size, requests: this.#connections.active };
  }

  /** As many clients as there are descriptors for; undefined: others could come in. */
  get mostByDescriptors(): number | undefined {
    return this.#connections.arrivals.mostByDescriptors;
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
    return this.#changes.hold(async (end) => followedBy(await this.#prepareReload(config), end));
  }

  /** From now on this process orders certificates and writes down bans. */
  lead(): void {
    this.#leads = true;
    this.kept.limiting.lead();
    this.#startKeeper();
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
    this.#rounds.leave();
    this.ticketKeys.stop();
    this.#doors.close();
    await Promise.all([this.keeper?.stop(), this.#connections.drain(drainMs)]);
    this.#rounds.stop();
    this.runtime.close();
    await this.kept.close();
    this.state = 'stopped';
  }

  /** Drops everything now, and lets nobody in. */
  destroy(): void {
    this.#doors.close();
    this.#connections.destroy();
  }

  /** New handshakes get the new certificates; connections stay. What cannot be loaded stays as it was. */
  refreshCertificates(): Promise<void> {
    return this.#rounds.refresh();
  }

  async #prepareReload(config: Config): Promise<PreparedReload> {
    if (this.state !== 'ready') {
      throw new GatehouseError('config_invalid', 'gateway', 'the gateway is stopping; nothing was reloaded');
    }
    refuseLateChange(this.#runtime.config, config);
    const before = { runtime: this.#runtime, keeper: this.#keeper };
    const { settle, files, keeper } = await prepare(config, this.records, this.kept, before);
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
      this.#follow(before.runtime);
      this.#rounds.adopt(config, files);
      this.#begin();
      if (keeper !== before.keeper) void before.keeper?.stop();
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
    this.#rounds.start();
    this.#startKeeper();
  }

  #startKeeper(): void {
    if (this.#keeper === undefined) return;
    startKeeper(this.#keeper, {
      wanted: this.runtime.loaded.wanted,
      leads: this.#leads,
      fellows: this.#tuning.fellows,
      refresh: () => void this.refreshCertificates(),
    });
  }

  /** After `before` another runtime is in force. */
  #follow(before: Runtime): void {
    if (this.#sessions.follow(before, this.#connections)) this.#tuning.fellows?.ticketsEnded();
  }
}
