// The servers of one group, and which of them take part: those that are well; all of them when none is, since a server
// that may be dead is better than none at all.
import type { UpstreamConfig } from '../config/model/upstreams.ts';
import type { Backend } from './backend.ts';
import type { Balancer } from './balance/candidate.ts';
import { anyOf } from './balance/candidate.ts';
import { makeBalancer } from './balance/make.ts';
import { type Claim, isBrisk } from './call.ts';
import type { Group, ServerState } from './condition.ts';

/** What became of a server. */
export interface ServerChange {
  readonly backend: Backend;
  readonly from: ServerState;
  readonly to: ServerState;
}

export class Roster implements Group {
  readonly backends: readonly Backend[];
  /** Told of every change of state. */
  onChange: ((change: ServerChange) => void) | undefined;
  readonly #ejectable: number;
  readonly #balancer: Balancer<Backend>;
  readonly #states = new Map<Backend, ServerState>();
  #members: readonly Backend[] = [];

  /** Takes servers over, from whatever group they belonged to before. */
  constructor(backends: readonly Backend[], config: UpstreamConfig) {
    this.backends = backends;
    this.#balancer = makeBalancer(config, backends);
    this.#ejectable = ejectable(backends.length, config.ejection?.share ?? 0);
    for (const backend of backends) {
      backend.condition.group = this;
      this.#states.set(backend, backend.condition.state);
    }
    this.#gather();
  }

  /** Undefined when all that take part have been tried, or can take no more. */
  pick(key: number, tried: readonly Backend[]): Backend | undefined {
    return this.#balancer.pick(key, tried) ?? anyOf(this.#members, tried);
  }

  /** A server that takes a call of this client although all are full. */
  yielding(client: string, claim: Claim): Backend | undefined {
    return this.#members.find((backend) => backend.yieldsTo(client, isBrisk(claim)));
  }

  /** Whether the server takes part. */
  has(backend: Backend): boolean {
    return this.#members.includes(backend);
  }

  mayEject(): boolean {
    return this.backends.filter(({ condition }) => condition.isEjected).length < this.#ejectable;
  }

  changed(): void {
    this.#gather();
    for (const backend of this.backends) {
      const { state } = backend.condition;
      const from = this.#states.get(backend) ?? 'up';
      if (state === from) continue;
      this.#states.set(backend, state);
      if (!this.#members.includes(backend)) backend.turnAway();
      this.onChange?.({ backend, from, to: state });
    }
  }

  #gather(): void {
    const well = this.backends.filter(({ condition }) => !condition.isOut);
    this.#members = well.length > 0 ? well : this.backends;
    this.#balancer.use(this.#members);
  }
}

/** A lone server stays, whatever it does; of several one may always go. */
function ejectable(servers: number, share: number): number {
  return servers < 2 || share === 0 ? 0 : Math.max(1, Math.floor(servers * share));
}
