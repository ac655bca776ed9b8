// Which addresses a site or route is open to at all: `access.allow` and `access.deny`.
import { type IpSet, ipSet } from '../base/ip.ts';
import type { AccessConfig } from '../config/model/sites.ts';

export class Addresses {
  readonly #allow: IpSet | undefined;
  readonly #deny: IpSet;

  constructor({ allow, deny }: AccessConfig) {
    this.#allow = allow.length === 0 ? undefined : ipSet(allow);
    this.#deny = ipSet(deny);
  }

  /** The deny list has the last word. */
  isOpenTo(client: string): boolean {
    return (this.#allow?.has(client) ?? true) && !this.#deny.has(client);
  }

  /** Named by the operator as one who may come in; bans do not hold for it. */
  isInvited(client: string): boolean {
    return this.#allow?.has(client) === true && !this.#deny.has(client);
  }
}
