// Servers as balancers know them, without connections.
import type { Balancer, Candidate } from '../../../src/upstream/balance/candidate.ts';

export interface Server extends Candidate {
  load: number;
  share: number;
  isFull: boolean;
}

export function servers(weights: readonly number[]): Server[] {
  return weights.map((weight, i) => {
    return { id: `http://10.0.0.${i}:3000/`, weight, load: 0, share: 1, isFull: false };
  });
}

/** How many of `count` calls, each over before the next one, every server gets. */
export function shares(balancer: Balancer<Server>, all: readonly Server[], count: number): number[] {
  const got = new Map<Server, number>(all.map((server) => [server, 0]));
  for (let i = 0; i < count; i++) {
    const picked = balancer.pick(0, []);
    if (picked !== undefined) got.set(picked, (got.get(picked) ?? 0) + 1);
  }
  return [...got.values()];
}

/** The same with `atOnce` calls under way, each over when so many others have begun: all servers are equally fast. */
export function busyShares(pick: () => Server, all: readonly Server[], count: number, atOnce: number): number[] {
  const got = new Map<Server, number>(all.map((server) => [server, 0]));
  const underWay: Server[] = [];
  for (let i = 0; i < count; i++) {
    if (underWay.length >= atOnce) (underWay.shift() as Server).load--;
    const picked = pick();
    picked.load++;
    underWay.push(picked);
    got.set(picked, (got.get(picked) ?? 0) + 1);
  }
  for (const server of underWay) server.load--;
  return [...got.values()];
}
