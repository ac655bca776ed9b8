// What limits and bans keep in mind, opened with what the configuration says of it, and what is told of it.
import { FolderStorage } from '../acme/storage/folder.ts';
import type { Config } from '../config/config.ts';
import { keyOf } from '../limits/ban.ts';
import { BanFile } from '../limits/ban-file.ts';
import { BanShare } from '../limits/ban-share.ts';
import { type BanChange, Bans } from '../limits/bans.ts';
import type { CounterStore } from '../limits/counter.ts';
import { LocalPlaces } from '../limits/places.ts';
import { LimitState } from '../limits/state.ts';
import type { Records } from '../observe/records.ts';
import type { Shared } from '../shared/shared.ts';
import type { Fellows } from './fellows.ts';
import type { Runtime } from './runtime.ts';

/** It outlives every configuration. */
export interface Limiting {
  readonly state: LimitState;
  /** What another process has done about a ban. */
  heard(change: BanChange): void;
  /** From now on it is this process that writes bans down. */
  lead(): void;
  /** Writes bans that are not yet written. Never fails. */
  keepBans(): Promise<void>;
  /** Bans cannot be written at the moment: a restart would forget some. */
  readonly areBansLost: boolean;
}

/** With the bans that were in force when the gateway last stopped. `shared` undefined: this machine shares nothing. */
export async function openLimiting(
  config: Config,
  records: Records,
  shared: Shared | undefined,
  fellows: Fellows | undefined,
): Promise<Limiting> {
  const bans = new Bans(config.bans);
  const file = new BanFile(bans, new FolderStorage(config.certificates.storage), (level, message, facts) => {
    records[level]('limit', message, facts);
  });
  let isWriter = fellows?.isLead ?? true;
  const write = (): void => {
    if (isWriter) file.changed();
  };
  if (fellows?.bans === undefined) await file.load();
  else for (const ban of fellows.bans) bans.put(ban);
  const share = shared === undefined ? undefined : new BanShare(bans, shared, write);
  share?.start();
  bans.onChange = (change) => {
    write();
    share?.changed(change);
    fellows?.banChanged(change);
    if ('set' in change) {
      const { target, site, cause, reason, until, times } = change.set;
      const facts = { target, site, cause, reason, until: new Date(until).toISOString(), times };
      records.info('limit', 'banned', facts);
    } else {
      const { target, site, cause, reason } = change.lifted;
      records.info('limit', 'ban lifted', { target, site, cause, reason });
    }
  };
  const open = (): Promise<CounterStore> => openCounters(config.requestLimits.counters, shared, fellows);
  const state = new LimitState(bans, open, fellows?.places ?? new LocalPlaces(), (refusal, untold) => {
    records.info('limit', 'refused', { ...refusal, untold: untold === 0 ? undefined : untold });
  });
  return {
    state,
    heard: (change) => {
      if ('set' in change) bans.put(change.set);
      else bans.drop(keyOf(change.lifted));
      write();
    },
    lead: () => {
      isWriter = true;
      file.changed();
    },
    keepBans: () => file.flush(),
    get areBansLost() {
      return file.isLost;
    },
  };
}

/** What counts, and what it needs, is loaded here: a gateway without limits starts without it. */
async function openCounters(maxKeys: number, shared: Shared | undefined, fellows?: Fellows): Promise<CounterStore> {
  const { MemoryCounters } = await import('../limits/memory.ts');
  const local = new MemoryCounters(maxKeys);
  if (shared === undefined) return fellows?.counters(local) ?? local;
  const { SharedCounters } = await import('../limits/redis.ts');
  return new SharedCounters(shared, local);
}

/**
 * Whether a connection from there is closed before a word is said: only where that is wanted, only who is banned from all
 * sites, and nobody whom one of them has on its allow list.
 */
export function isBarred({ config, invited, limits: { bans } }: Runtime, address: string): boolean {
  if (config.bans.drop !== 'connection' || bans.find(address, undefined) === undefined) return false;
  if (invited.has(address)) return false;
  bans.turnedAway++;
  return true;
}
