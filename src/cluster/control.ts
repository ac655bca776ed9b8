// Answers what an operator asks (`admin/control.ts`) for all workers together: what one alone does or knows is asked of the
// one that leads, everything else of all, and put together.
import type { Renewed } from '../acme/keeper.ts';
import type { ManagedStatus } from '../acme/status.ts';
import type { BanControl, CacheControl, Control, Metrics, Reloaded, ReloadState, Status } from '../admin/control.ts';
import type { RulesControl } from '../admin/rules-control.ts';
import { GatehouseError } from '../base/errors.ts';
import type { MergedFigures } from '../observe/merged-figures.ts';
import type { FigureSet } from '../observe/metrics.ts';
import type { Channel } from './channel.ts';
import { mergeCaches, mergeExceptions, mergeShadows, mergeStatus } from './merge.ts';
import type { Supervisor } from './supervisor.ts';
import type { AtWorker } from './words.ts';
import { workerFigures, workerRemarks } from './worker-figures.ts';

const ASK_MS = 4_000;
/** Whoever asks whether the gateway is ready does not wait long. */
const REMARKS_MS = 500;
/** An authority may take its time, and several names wait for each other. */
const RENEWAL_MS = 15 * 60_000;

const NOBODY = 'no worker serves at the moment';

/** Takes up configurations, and knows what became of the last. */
interface Reloads {
  readonly state: ReloadState | undefined;
  reload(trigger: string): Promise<Reloaded>;
}

export class ClusterControl implements Control {
  readonly bans: BanControl;
  readonly cache: CacheControl;
  readonly #supervisor: Supervisor;
  readonly #reloads: Reloads;
  readonly #own: () => readonly string[];
  readonly #version: string;
  #figures: Promise<MergedFigures> | undefined;

  /** `own`: what is wrong with this process. */
  constructor(supervisor: Supervisor, reloads: Reloads, own: () => readonly string[], version: string) {
    this.#supervisor = supervisor;
    this.#version = version;
    this.#reloads = reloads;
    this.#own = own;
    this.bans = this.#banControl();
    this.cache = this.#cacheControl();
    supervisor.onLeft = (pid) => void this.#figures?.then((figures) => figures.leave(pid));
  }

  isReady(): boolean {
    return this.#supervisor.isReady;
  }

  async remarks(): Promise<readonly string[]> {
    const asked = this.#supervisor.serving.map(({ channel }) => channel.ask('remarks', undefined, REMARKS_MS));
    const remarks = await Promise.all(asked.map((each) => each.catch(() => [])));
    return [...this.#ownRemarks, ...new Set(remarks.flat())];
  }

  get #ownRemarks(): string[] {
    return [...workerRemarks(this.#supervisor.seats), ...this.#own()];
  }

  async status(): Promise<Status> {
    const { seats, startedAt, isReady, isLeaving } = this.#supervisor;
    const all = await this.#all((channel) => channel.ask('status', undefined, ASK_MS)).catch(() => []);
    const loads = new Map(all.map(({ pid, load }) => [pid, load]));
    const merged = all.length === 0 ? this.#statusOfNobody : mergeStatus(all);
    return {
      ...merged,
      version: this.#version,
      remarks: [...this.#ownRemarks, ...merged.remarks],
      state: isLeaving ? 'draining' : isReady ? 'ready' : 'not ready',
      pid: process.pid,
      startedAt: startedAt.toISOString(),
      reload: this.#reloads.state ?? null,
      workers: seats.map(({ status }) => ({ ...status, load: loads.get(status.pid ?? 0) ?? null })),
    };
  }

  /** Nobody serves, or answers: just then an operator wants to know how the workers are. */
  get #statusOfNobody(): Omit<Status, 'state' | 'version' | 'pid' | 'startedAt' | 'reload' | 'workers'> {
    const { config, readiness } = this.#supervisor;
    return {
      config: config.file,
      listen: readiness?.listen ?? { https: [], http: [] },
      load: { connections: 0, requests: 0 },
      sites: [],
      upstreams: [],
      shared: null,
      certificates: [],
      managed: [],
      warnings: readiness?.warnings ?? [],
      remarks: [NOBODY],
    };
  }

  async metrics(): Promise<Metrics> {
    this.#figures ??= import('../observe/merged-figures.ts').then(({ MergedFigures: Kept }) => new Kept());
    const figures = await this.#figures;
    const sets = new Map<number, FigureSet>();
    await Promise.all(
      this.#supervisor.serving.map(async ({ pid, channel }) => {
        const set = await channel.ask('figures', undefined, ASK_MS).catch(() => undefined);
        if (set !== undefined) sets.set(pid, set);
      }),
    );
    // The one that leads stands in front.
    const inOrder = this.#supervisor.serving.flatMap(({ pid }) => {
      const set = sets.get(pid);
      return set === undefined ? [] : [[pid, set] as const];
    });
    const text = await figures.text(new Map(inOrder), workerFigures(this.#supervisor.seats));
    return { contentType: figures.contentType, text };
  }

  reload(): Promise<Reloaded> {
    return this.#reloads.reload('command');
  }

  renewCertificates(name: string | undefined): Promise<readonly Renewed[]> {
    return this.#lead.ask('renewCertificates', name, RENEWAL_MS);
  }

  async lookForCertificates(): Promise<readonly ManagedStatus[]> {
    const [lead] = await this.#all((channel) => channel.ask('lookForCertificates', undefined, ASK_MS));
    return lead ?? [];
  }

  #banControl(): BanControl {
    return {
      list: () => this.#lead.ask('bans', undefined, ASK_MS),
      add: (wish) => this.#lead.ask('addBan', wish, ASK_MS),
      remove: (wish) => this.#lead.ask('removeBan', wish, ASK_MS),
      why: (address) => this.#lead.ask('whyBanned', address, ASK_MS),
    };
  }

  /** Each worker has caches of its own. */
  #cacheControl(): CacheControl {
    return {
      status: async () => mergeCaches(await this.#all((channel) => channel.ask('caches', undefined, ASK_MS))),
      purge: async (wish) => {
        const all = await this.#all((channel) => channel.ask('purgeCache', wish, ASK_MS));
        return { removed: all.reduce((sum, { removed }) => sum + removed, 0) };
      },
    };
  }

  rules(): Promise<RulesControl> {
    return Promise.resolve({
      findings: async () => {
        const all = await this.#all((channel) => channel.ask('findings', undefined, ASK_MS));
        return all.flat().toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
      },
      explain: (requestId) => this.#first((channel) => channel.ask('explain', requestId, ASK_MS)),
      exceptions: async () =>
        mergeExceptions(await this.#all((channel) => channel.ask('exceptions', undefined, ASK_MS))),
      shadows: async () => mergeShadows(await this.#all((channel) => channel.ask('shadows', undefined, ASK_MS))),
      except: (wish) => this.#first((channel) => channel.ask('except', wish, ASK_MS)),
    });
  }

  get #lead(): Channel<AtWorker> {
    const [lead] = this.#supervisor.serving;
    if (lead === undefined) throw new GatehouseError('overloaded', 'gateway', NOBODY, { status: 503 });
    return lead.channel;
  }

  /** Of those that answer; fails when there is none. */
  async #all<T>(ask: (channel: Channel<AtWorker>) => Promise<T>): Promise<T[]> {
    const answers = await Promise.allSettled(this.#supervisor.serving.map(({ channel }) => ask(channel)));
    const values = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    if (values.length > 0) return values;
    const [failed] = answers;
    if (failed?.status === 'rejected') throw failed.reason;
    throw new GatehouseError('overloaded', 'gateway', NOBODY, { status: 503 });
  }

  /** Of the one that knows; null: nobody does. */
  async #first<T>(ask: (channel: Channel<AtWorker>) => Promise<T | null>): Promise<T | null> {
    for (const { channel } of this.#supervisor.serving) {
      const answer = await ask(channel);
      if (answer !== null) return answer;
    }
    return null;
  }
}
