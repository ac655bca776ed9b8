// Answers what an operator asks and wishes about bans (`admin/control.ts`).
import { isIP } from 'node:net';
import type { BanControl, BanReasons, BanStatus, BanWish } from '../admin/control.ts';
import { GatehouseError } from '../base/errors.ts';
import { plainAddress } from '../base/ip.ts';
import { parseDuration } from '../base/units.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { type Ban, isRange, parseTarget } from '../limits/ban.ts';
import type { Bans } from '../limits/bans.ts';

const LEAST_MS = 1000;
const MOST_MS = 10 * 365 * 86_400_000;

export class GatewayBans implements BanControl {
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  list(): readonly BanStatus[] {
    return this.#bans
      .list()
      .sort((a, b) => a.until - b.until)
      .map(statusOf);
  }

  async add({ address, site, for: time, reason }: BanWish): Promise<BanStatus> {
    const target = this.#target(address);
    const forMs = parseDuration(time) ?? 0;
    if (forMs < LEAST_MS || forMs > MOST_MS) throw refused(`"${time}" is not a time from 1s to 3650d, like 15m`);
    const { sites } = this.#gateway.runtime.config;
    if (site !== undefined && !sites.some(({ name }) => name === site)) {
      throw refused(`there is no site "${site}"; write its name as the configuration does`);
    }
    if (!isRange(target) && this.#bans.isExempt(addressOf(target))) {
      throw refused(`${address} is exempt by bans.exempt or trustedProxies`);
    }
    const ban = this.#bans.add({ target, site, cause: 'hand', reason, forMs });
    // What an operator was told is done outlives whatever happens next.
    await this.#gateway.kept.limiting.keepBans();
    return statusOf(ban);
  }

  async remove({ address, site }: Pick<BanWish, 'address' | 'site'>): Promise<readonly BanStatus[]> {
    const target = this.#target(address);
    const meant = this.#bans.all().filter((ban) => ban.target === target && (site === undefined || ban.site === site));
    const lifted = meant.filter((ban) => this.#bans.remove(ban)).map(statusOf);
    await this.#gateway.kept.limiting.keepBans();
    return lifted;
  }

  why(address: string): BanReasons {
    const plain = plainAddress(address);
    if (isIP(plain) === 0) throw refused(`"${address}" is not an address`);
    return { isExempt: this.#bans.isExempt(plain), bans: this.#bans.why(plain).map(statusOf) };
  }

  get #bans(): Bans {
    return this.#gateway.runtime.limits.bans;
  }

  #target(address: string): string {
    const parsed = parseTarget(address);
    if ('fault' in parsed) throw refused(`"${address}" ${parsed.fault}`);
    return parsed.value;
  }
}

/** Some address of a target that is no range. */
function addressOf(target: string): string {
  return target.split('/', 1)[0] ?? '';
}

function statusOf({ target, site, since, until, ...ban }: Ban): BanStatus {
  const { cause, reason, times } = ban;
  return {
    address: target,
    site: site ?? null,
    cause,
    reason,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    times,
    isInForce: until > Date.now(),
  };
}

function refused(message: string): GatehouseError {
  return new GatehouseError('bad_request', 'client', message);
}
