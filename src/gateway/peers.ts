// What each address has of the gateway: connections, trust, and a debt for what it broke off or had refused. An IPv6 address
// counts as its /64, of which one machine has as many addresses as it likes.
import { networkOf } from '../base/ip.ts';
import type { RequestLimits } from '../config/config.ts';
import { Standing } from './standing.ts';

/** What of `requestLimits.resetsPerIp` comes back each second. */
const FORGIVEN_EACH_SECOND = 0.05;

export class Peers {
  limits: RequestLimits;
  /** Of those who are here, and of those who did something in the last seconds that would not be borne for ever. */
  readonly #standings = new Map<string, Standing>();

  constructor(limits: RequestLimits) {
    this.limits = limits;
  }

  of(address: string): Standing {
    return this.#standings.getOrInsertComputed(networkOf(address), () => new Standing(() => this.limits));
  }

  /** Why one more connection is not taken; undefined: it is counted. */
  add(address: string): string | undefined {
    const standing = this.of(address);
    if (standing.connections >= this.limits.connectionsPerIp) return 'connections-per-ip';
    if (this.#isOver(standing)) return 'resets-per-ip';
    standing.connections++;
    return undefined;
  }

  remove(address: string): void {
    const standing = this.of(address);
    standing.connections--;
    if (standing.isForgettable) this.#standings.delete(networkOf(address));
  }

  /** Whether the address is now over what it may break off (rapid reset, CVE-2023-44487, over many connections). */
  blame(address: string, count: number): boolean {
    const standing = this.of(address);
    const wasOver = this.#isOver(standing);
    // Beyond twice the bound it only takes longer until anything is forgiven.
    standing.debt = Math.min(standing.debt + count, 2 * this.limits.resetsPerIp);
    return !wasOver && this.#isOver(standing);
  }

  isInDebt(address: string): boolean {
    const standing = this.#standings.get(networkOf(address));
    return standing !== undefined && this.#isOver(standing);
  }

  forgive(passedMs: number): void {
    const forgiven = (this.limits.resetsPerIp * FORGIVEN_EACH_SECOND * passedMs) / 1000;
    for (const [network, standing] of this.#standings) {
      standing.debt = Math.max(0, standing.debt - forgiven);
      standing.regain(passedMs);
      if (standing.isForgettable) this.#standings.delete(network);
    }
  }

  #isOver({ debt }: Standing): boolean {
    return debt > this.limits.resetsPerIp;
  }
}
