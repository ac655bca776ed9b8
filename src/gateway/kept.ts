// What outlives every configuration: what is shared with other machines, what limits and bans keep in mind, what is cached.
import type { Storage } from '../acme/storage/storage.ts';
import type { Config } from '../config/config.ts';
import type { LimitState } from '../limits/state.ts';
import type { Records } from '../observe/records.ts';
import type { Shared } from '../shared/shared.ts';
import { Caches } from './caches.ts';
import type { Fellows } from './fellows.ts';
import { type Limiting, openLimiting } from './limits.ts';
import { openSharing, type Sharing } from './sharing.ts';

export class Kept {
  readonly limiting: Limiting;
  readonly caches: Caches;
  readonly #sharing: Sharing;

  private constructor(sharing: Sharing, limiting: Limiting, caches: Caches) {
    this.#sharing = sharing;
    this.limiting = limiting;
    this.caches = caches;
  }

  static async open(config: Config, records: Records, fellows: Fellows | undefined): Promise<Kept> {
    const sharing = await openSharing(config, records);
    const limiting = await openLimiting(config, records, sharing.store, fellows);
    const caches = new Caches(records);
    caches.onPurge = (order) => fellows?.purged(order);
    return new Kept(sharing, limiting, caches);
  }

  get limits(): LimitState {
    return this.limiting.state;
  }

  /** undefined: this machine shares nothing. */
  get shared(): Shared | undefined {
    return this.#sharing.store;
  }

  /** Of certificates; undefined: the folder that the configuration names. */
  get storage(): Storage | undefined {
    return this.#sharing.storage;
  }

  /** Never fails. */
  async close(): Promise<void> {
    await this.limiting.keepBans();
    this.shared?.close();
    await this.caches.close();
  }
}
