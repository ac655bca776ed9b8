// One worker: a whole gateway that is told what to do by its supervisor, and ends with it.
import type { Control, ReloadState } from '../admin/control.ts';
import { GatehouseError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import type { Fellows } from '../gateway/fellows.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { PreparedReload } from '../gateway/prepare.ts';
import type { FigureSet } from '../observe/metrics.ts';
import { Channel, faultOf } from './channel.ts';
import { WorkerCounters } from './counters.ts';
import { OrphanWatch } from './orphan-watch.ts';
import { WorkerPlaces } from './places.ts';
import { shareOf } from './share.ts';
import type { AtSupervisor, AtWorker, Orders, Readiness } from './words.ts';

/** How often it says that its event loop turns. */
const BEAT_MS = 1000;
const ASK_MS = 10_000;
/** The configuration is read meanwhile, and the first worker of all starts before the others. */
const ORDERS_MS = 120_000;
/** A count that takes longer is made here. */
const COUNT_MS = 250;
/** An authority takes its time. */
const ORDER_MS = 15 * 60_000;
/** What was made ready and never committed would keep everything else waiting. */
const COMMIT_MS = 120_000;

/** What an operator can ask of this process alone. */
export interface WorkerControl extends Control {
  figures(): Promise<FigureSet>;
}

type MakeControl = (gateway: Gateway, reloads: { readonly state: ReloadState | undefined }) => WorkerControl;
type DescribeListen = (gateway: Gateway) => Readiness['listen'];

export class Worker {
  readonly #channel: Channel<AtSupervisor>;
  readonly #gateway = Promise.withResolvers<Gateway>();
  readonly #control = Promise.withResolvers<WorkerControl>();
  readonly #describeListen: DescribeListen;
  readonly #ended = Promise.withResolvers<void>();
  #prepared: { readonly reload: PreparedReload; readonly timer: NodeJS.Timeout } | undefined;
  #stopping: Promise<void> | undefined;
  #workers = 1;
  #orphanWatch: OrphanWatch | undefined;
  readonly reloads: { state: ReloadState | undefined } = { state: undefined };

  private constructor(describeListen: DescribeListen) {
    this.#describeListen = describeListen;
    this.#channel = new Channel<AtSupervisor>(process, this.#answers());
    // Waited for by what the supervisor asks; a start that fails is told where it is awaited.
    for (const { promise } of [this.#gateway, this.#control]) promise.catch(() => {});
  }

  /** Serves until the supervisor ends it or has gone; resolves then. Rejects when it could not start. */
  static async run(makeControl: MakeControl, describeListen: DescribeListen): Promise<void> {
    const worker = new Worker(describeListen);
    const beat = setInterval(() => worker.#channel.tell('beat', undefined), BEAT_MS);
    process.once('disconnect', () => void worker.#stop());
    try {
      await worker.#start(makeControl);
      await worker.#ended.promise;
    } catch (error) {
      worker.#channel.tell('failed', faultOf(error));
      throw error;
    } finally {
      clearInterval(beat);
      if (process.connected) process.disconnect?.();
    }
  }

  async #start(makeControl: MakeControl): Promise<void> {
    const orders = await this.#channel.ask('orders', undefined, ORDERS_MS);
    this.reloads.state = orders.reload;
    this.#workers = orders.workers;
    const gateway = await Gateway.start(shareOf(orders.config, orders.workers), { fellows: this.#fellows(orders) });
    process.on('uncaughtException', (error) => {
      gateway.records.error('process', 'a worker broke and ends; another one takes its place', error);
      gateway.destroy();
      void gateway.records.finish().then(() => process.exit(1));
    });
    this.#orphanWatch = new OrphanWatch(gateway.runtime.config.timeouts.drainMs);
    this.#control.resolve(makeControl(gateway, this.reloads));
    this.#gateway.resolve(gateway);
    this.#channel.tell('ready', this.#readiness(gateway));
  }

  #fellows({ number, isLead, ticketKey, bans }: Orders): Fellows {
    const channel = this.#channel;
    return {
      number,
      isLead,
      ticketKey,
      bans,
      counters: (local) => new WorkerCounters((wishes) => channel.ask('count', wishes, COUNT_MS), local),
      places: new WorkerPlaces((wishes) => channel.ask('places', wishes, COUNT_MS)),
      listenOn: (kind, place, nth) => channel.ask('socket', { kind, place, nth }, ASK_MS),
      banChanged: (change) => channel.tell('ban', change),
      purged: (order) => channel.tell('purged', order),
      certificatesChanged: () => channel.tell('certificates', undefined),
      ticketsEnded: () => channel.tell('ticketsEnded', undefined),
      order: (name) => channel.ask('order', name, ORDER_MS).catch(() => {}),
    };
  }

  #readiness(gateway: Gateway): Readiness {
    const { loaded, guards } = gateway.runtime;
    return {
      warnings: loaded.warnings,
      notices: (guards?.notices ?? [])
        .filter(({ code }) => code === 'exception-unmatched' || code === 'no-rules')
        .map(({ message, file, line }) => ({ message, file, line })),
      files: guards?.files ?? [],
      listen: this.#describeListen(gateway),
    };
  }

  #answers(): AtWorker {
    const gateway = this.#gateway.promise;
    const control = this.#control.promise;
    return {
      prepare: async (config) => this.#prepare(await gateway, config),
      commit: async () => this.#commit(await gateway),
      discard: () => this.#discard(),
      reloaded: (state) => {
        this.reloads.state = state;
      },
      lead: async () => (await gateway).lead(),
      stop: (drainMs) => this.#stop(drainMs),
      stopNow: async () => (await gateway).destroy(),
      reopenLogs: async () => (await gateway).records.reopen(),
      ticketKey: async (key) => (await gateway).ticketKeys.adopt(key),
      heardOfBan: async (change) => (await gateway).kept.limiting.heard(change),
      heardOfPurge: async (order) => void (await gateway).kept.caches.apply(order),
      heardOfCertificates: async () => (await gateway).heardOfCertificates(),
      order: async (name) => (await gateway).keeper?.order(name),
      knownBans: async () => (await gateway).runtime.limits.bans.all(),
      status: async () => (await control).status(),
      remarks: async () => (await control).remarks(),
      figures: async () => (await control).figures(),
      renewCertificates: async (name) => (await control).renewCertificates(name),
      lookForCertificates: async () => (await control).lookForCertificates(),
      bans: async () => (await control).bans.list(),
      addBan: async (wish) => (await control).bans.add(wish),
      removeBan: async (wish) => (await control).bans.remove(wish),
      whyBanned: async (address) => (await control).bans.why(address),
      caches: async () => (await control).cache.status(),
      purgeCache: async (wish) => (await control).cache.purge(wish),
      findings: async () => (await (await control).rules()).findings(),
      explain: async (requestId) => (await (await control).rules()).explain(requestId),
      exceptions: async () => (await (await control).rules()).exceptions(),
      shadows: async () => (await (await control).rules()).shadows(),
      except: async (wish) => (await (await control).rules()).except(wish),
    };
  }

  async #prepare(gateway: Gateway, config: Config): Promise<void> {
    this.#discard();
    const reload = await gateway.prepareReload(shareOf(config, this.#workers));
    this.#prepared = { reload, timer: setTimeout(() => this.#discard(), COMMIT_MS).unref() };
  }

  #commit(gateway: Gateway): Readiness {
    if (this.#prepared === undefined) throw new GatehouseError('internal', 'gateway', 'nothing was made ready');
    clearTimeout(this.#prepared.timer);
    this.#prepared.reload.commit();
    this.#prepared = undefined;
    this.#orphanWatch?.allow(gateway.runtime.config.timeouts.drainMs);
    return this.#readiness(gateway);
  }

  #discard(): void {
    clearTimeout(this.#prepared?.timer);
    this.#prepared?.reload.discard();
    this.#prepared = undefined;
  }

  /** Also when the supervisor has gone: nobody would look after it any more, or free its ports. */
  #stop(drainMs?: number): Promise<void> {
    this.#stopping ??= this.#gateway.promise.then(async (gateway) => {
      this.#discard();
      await gateway.stop(drainMs ?? gateway.runtime.config.timeouts.drainMs);
      await gateway.records.finish();
      // The answer goes first.
      setImmediate(() => this.#ended.resolve());
    });
    return this.#stopping;
  }
}
