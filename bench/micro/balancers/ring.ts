// The other usual ways of consistent hashing, for comparison only: a ring of points, and Maglev's table.
import { createHash } from 'node:crypto';
import type { Server } from './servers.ts';

export type Lookup = (key: number) => Server;

/** Karger's ring: each server has `points` for each unit of weight; a key belongs to the next point. */
export function ring(servers: readonly Server[], points: number): Lookup {
  const marks = servers.flatMap((server) => {
    return Array.from({ length: points * server.weight }, (_, i) => ({ at: digest(`${server.id} ${i}`), server }));
  });
  marks.sort((a, b) => a.at - b.at);
  const places = Uint32Array.from(marks, ({ at }) => at);
  return (key) => {
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((places[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    return (marks[low === places.length ? 0 : low] as (typeof marks)[number]).server;
  };
}

/** Eisenbud et al. 2016, 3.4: every server fills the table by a permutation of its own, in turns by weight. */
export function maglev(servers: readonly Server[]): Lookup {
  const size = 65_537;
  const table = new Int32Array(size).fill(-1);
  const turns = servers.flatMap(({ id, weight }, i) => {
    const state = { i, next: digest(`${id} offset`) % size, skip: (digest(`${id} skip`) % (size - 1)) + 1 };
    return Array.from({ length: weight }, () => state);
  });
  for (let filled = 0; filled < size; ) {
    for (const state of turns) {
      while (table[state.next] !== -1) state.next = (state.next + state.skip) % size;
      table[state.next] = state.i;
      if (++filled === size) break;
    }
  }
  return (key) => servers[table[key % size] as number] as Server;
}

function digest(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE();
}
