// One server behind the gateway: its connections, its tunnels, how well it is. Known by its URL, and so by the same object
// from one configuration to the next.
import type { Clock } from '../base/clock.ts';
import { GatehouseError } from '../base/errors.ts';
import type { HealthConfig, ServerConfig } from '../config/model/upstreams.ts';
import type { Reply } from '../http/reply.ts';
import type { Lookup } from './addresses.ts';
import type { Candidate } from './balance/candidate.ts';
import type { Call } from './call.ts';
import { Condition } from './condition.ts';
import { Dialer } from './dialer.ts';
import { Http1Connection } from './http1/connection.ts';
import { clientGone } from './http1/failures.ts';
import type { UpgradeResult } from './http1/upgrade.ts';
import { Pool, type PoolSettings } from './pool.ts';
import { probe } from './probe.ts';
import { Tunnels } from './tunnels.ts';

/** What time it is, and where names lead. */
export interface Surroundings {
  readonly clock: Clock;
  readonly lookup: Lookup;
}

/** Two turns of the event loop. */
function twoTurns(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

export class Backend implements Candidate {
  readonly id: string;
  /** Scheme, host and port: how records name it. */
  readonly origin: string;
  readonly url: URL;
  weight: number;
  readonly condition: Condition;
  readonly #dialer: Dialer;
  readonly #pool: Pool;
  readonly #tunnels = new Tunnels();

  constructor({ url: id, weight }: ServerConfig, settings: PoolSettings, { clock, lookup }: Surroundings) {
    const url = new URL(id);
    this.id = id;
    this.url = url;
    this.origin = url.origin;
    this.weight = weight;
    this.condition = new Condition(settings, clock);
    const onMove = (addresses: ReadonlySet<string>): void => this.#pool.keepOnly(addresses);
    this.#dialer = new Dialer(url, settings, { clock, lookup, onMove });
    this.#pool = new Pool(this.#dialer, settings, clock);
  }

  get load(): number {
    return this.#pool.outstanding + this.#pool.waiting + this.#tunnels.size;
  }

  /** Calls that wait for a connection. */
  get waiting(): number {
    return this.#pool.waiting;
  }

  get connections(): number {
    return this.#pool.connections + this.#tunnels.size;
  }

  get isFull(): boolean {
    return this.#pool.isFull;
  }

  /** Whether it takes a call of this client although it is full. */
  yieldsTo(client: string, isBrisk: boolean): boolean {
    return this.#pool.yieldsTo(client, isBrisk);
  }

  get share(): number {
    return this.condition.share;
  }

  get settings(): PoolSettings {
    return this.#pool.settings;
  }

  /** Bounds and times of another configuration; how it is spoken to stays. One that was closed is open again. */
  adopt({ weight }: ServerConfig, settings: PoolSettings): void {
    this.weight = weight;
    this.#pool.settings = settings;
    this.#pool.reopen();
    this.condition.rules = settings;
    this.condition.join();
  }

  start(): void {
    this.#dialer.addresses?.start();
  }

  /** The answer's head; fails with a GatehouseError whose `retry` says whether another try is safe. */
  send(call: Call): Promise<Reply> {
    // What a server has closed in the meantime is not used for what cannot be sent twice: the second turn of the
    // event loop comes after the sockets were looked at once more.
    return call.survivesLoss || !this.#pool.hasKept ? this.#sendNow(call) : twoTurns().then(() => this.#sendNow(call));
  }

  /** Always over HTTP/1.1 and a connection of its own, which the tunnel then owns. */
  async upgrade(call: Call, protocol: string): Promise<UpgradeResult> {
    const { maxTunnels, connectTimeoutMs, timeoutMs } = this.settings;
    const { client } = call;
    const place = this.#tunnels.enter(client, maxTunnels);
    if (place === undefined) throw this.#busy(`${this.#tunnels.size} tunnels are open, as many as may`);
    const socket = await this.#dialer.dialHttp1(connectTimeoutMs).catch((error: unknown) => {
      this.#tunnels.leave(client, place);
      throw error;
    });
    socket.once('close', () => this.#tunnels.leave(client, place));
    const connection = new Http1Connection(socket, { timeoutMs, onIdle: (idle) => idle.destroy() });
    place.hold(socket);
    return connection.upgrade(call, protocol).catch((error: unknown) => {
      throw place.isLost ? this.#busy('the tunnel gave way to one of a client with fewer') : error;
    });
  }

  #busy(why: string): GatehouseError {
    return new GatehouseError('upstream_busy', 'upstream', `${this.origin}: ${why}`, { status: 503, retry: true });
  }

  /** What is wrong with the server; undefined when it is well. */
  probe(health: HealthConfig, signal: AbortSignal): Promise<string | undefined> {
    return probe(this.#dialer, health, signal);
  }

  dropIdle(): void {
    this.#pool.dropIdle();
  }

  /** Calls that wait for it go elsewhere. */
  turnAway(): void {
    this.#pool.turnAway(this.condition.reason ?? 'it is out');
  }

  /** It gets no further calls: idle connections go now, busy ones with their last answer. */
  close(): void {
    this.#dialer.addresses?.stop();
    this.condition.stop();
    this.#pool.close();
  }

  #sendNow(call: Call): Promise<Reply> {
    if (call.cancelled) return Promise.reject(clientGone());
    const connection = this.#pool.free(call);
    if (connection !== undefined) return connection.send(call);
    return this.#pool.wait(call).then((freed) => freed.send(call));
  }
}
