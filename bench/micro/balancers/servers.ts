// Servers as balancers know them, without connections.
import type { Candidate } from '../../../src/upstream/balance/candidate.ts';

export interface Server extends Candidate {
  load: number;
}

export function servers(count: number): Server[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `http://10.0.${i >> 8}.${i & 255}:3000/`,
    weight: 1 + (i % 2),
    load: i % 5,
    isFull: false,
    share: 1,
  }));
}
