// Places of requests that are under way in all workers of a machine: the supervisor gives them out, and takes those of a worker
// back that has ended. While there is no answer in time each worker counts for itself.
import { type Leave, LocalPlaces, type Places } from '../limits/places.ts';
import { Batch } from './batch.ts';
import type { PlaceWish } from './words.ts';

/** The side of the worker. */
export class WorkerPlaces implements Places {
  readonly #batch: Batch<PlaceWish, boolean>;
  /** All of this worker, whoever gave them. */
  readonly #local = new LocalPlaces();
  #last = 0;

  constructor(ask: (wishes: readonly PlaceWish[]) => Promise<readonly boolean[]>) {
    this.#batch = new Batch(ask);
  }

  async enter(id: string, key: string, most: number): Promise<Leave | undefined> {
    const place = ++this.#last;
    const isGranted = await this.#batch.ask({ place, wanted: { id, key, most } }).catch(() => undefined);
    if (isGranted === false) return undefined;
    const leaveHere = this.#local.enter(id, key, isGranted ? Number.POSITIVE_INFINITY : most);
    if (leaveHere === undefined) {
      // It may yet be given, too late.
      this.#batch.tell({ place });
      return undefined;
    }
    return () => {
      leaveHere();
      this.#batch.tell({ place });
    };
  }
}

/** The side of the supervisor. `Owner`: one process. */
export class PlaceBook<Owner> {
  readonly #taken = new LocalPlaces();
  readonly #owned = new Map<Owner, Map<number, Leave>>();

  /** From now on it may have places; those it had before are free. */
  open(owner: Owner): (wishes: readonly PlaceWish[]) => boolean[] {
    this.close(owner);
    const owned = new Map<number, Leave>();
    this.#owned.set(owner, owned);
    // What was under way when it ended finds no owner.
    return (wishes) => wishes.map((wish) => this.#owned.get(owner) === owned && this.#answer(owned, wish));
  }

  /** It has ended. */
  close(owner: Owner): void {
    for (const leave of this.#owned.get(owner)?.values() ?? []) leave();
    this.#owned.delete(owner);
  }

  #answer(owned: Map<number, Leave>, { place, wanted }: PlaceWish): boolean {
    if (wanted === undefined) {
      owned.get(place)?.();
      return owned.delete(place);
    }
    const leave = this.#taken.enter(wanted.id, wanted.key, wanted.most);
    if (leave !== undefined) owned.set(place, leave);
    return leave !== undefined;
  }
}
