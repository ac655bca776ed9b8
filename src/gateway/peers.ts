// What each address has of the gateway: connections, and a debt for what it broke off or had refused. An IPv6 address
// counts as its /64, of which one machine has as many addresses as it likes.
import { networkOf } from '../base/ip.ts';
import type { RequestLimits } from '../config/config.ts';

/** What of `requestLimits.resetsPerIp` comes back each second. */
const FORGIVEN_EACH_SECOND = 0.05;

export class Peers {
  limits: RequestLimits;
  readonly #connections = new Map<string, number>();
  /** Only of those who have one; so it is as long as the list of who broke something off in the last seconds. */
  readonly #debts = new Map<string, number>();

  constructor(limits: RequestLimits) {
    this.limits = limits;
  }

  /** Why one more connection is not taken; undefined: it is counted. */
  add(address: string): string | undefined {
    const network = networkOf(address);
    const count = this.#connections.get(network) ?? 0;
    if (count >= this.limits.connectionsPerIp) return 'connections-per-ip';
    if (this.isInDebt(address)) return 'resets-per-ip';
    this.#connections.set(network, count + 1);
    return undefined;
  }

  remove(address: string): void {
    const network = networkOf(address);
    const left = (this.#connections.get(network) ?? 1) - 1;
    if (left === 0) this.#connections.delete(network);
    else this.#connections.set(network, left);
  }

  /** Whether the address is now over what it may break off (rapid reset, CVE-2023-44487, over many connections). */
  blame(address: string, count: number): boolean {
    const network = networkOf(address);
    const before = this.#debts.get(network) ?? 0;
    // Beyond twice the bound it only takes longer until anything is forgiven.
    const debt = Math.min(before + count, 2 * this.limits.resetsPerIp);
    this.#debts.set(network, debt);
    return before <= this.limits.resetsPerIp && debt > this.limits.resetsPerIp;
  }

  isInDebt(address: string): boolean {
    return this.#debts.size > 0 && (this.#debts.get(networkOf(address)) ?? 0) > this.limits.resetsPerIp;
  }

  forgive(passedMs: number): void {
    const forgiven = (this.limits.resetsPerIp * FORGIVEN_EACH_SECOND * passedMs) / 1000;
    for (const [network, debt] of this.#debts) {
      if (debt <= forgiven) this.#debts.delete(network);
      else this.#debts.set(network, debt - forgiven);
    }
  }
}
