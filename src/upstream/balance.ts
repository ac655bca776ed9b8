// Which backend takes the next call. A balancer proposes an order; whoever sends may walk down it.
import type { UpstreamConfig } from '../config/config.ts';
import type { Backend } from './backend.ts';

/** The backend for the next call; `tried` have failed this one already. Undefined when none is left. */
export type Balancer = (tried: readonly Backend[]) => Backend | undefined;

export function makeBalancer(kind: UpstreamConfig['balance'], backends: readonly Backend[]): Balancer {
  const [only] = backends;
  if (backends.length === 1) return (tried) => (tried.length === 0 ? only : undefined);
  if (kind === 'round-robin') return roundRobin(backends);
  return kind === 'random-two' ? randomTwo(backends) : leastRequests(backends);
}

/** Smooth weighted round-robin: each turn all gain their weight, the richest serves and pays the sum. */
function roundRobin(backends: readonly Backend[]): Balancer {
  const credit = new Map<Backend, number>(backends.map((backend) => [backend, 0]));
  return (tried) => {
    let best: Backend | undefined;
    let total = 0;
    for (const backend of backends) {
      if (tried.includes(backend)) continue;
      total += backend.weight;
      credit.set(backend, (credit.get(backend) as number) + backend.weight);
      if (best === undefined || (credit.get(backend) as number) > (credit.get(best) as number)) best = backend;
    }
    if (best !== undefined) credit.set(best, (credit.get(best) as number) - total);
    return best;
  };
}

/** The fewest calls for its weight; equals take turns, so that an idle pool does not favour its first. */
function leastRequests(backends: readonly Backend[]): Balancer {
  let turn = 0;
  return (tried) => {
    turn = (turn + 1) % backends.length;
    let best: Backend | undefined;
    for (let i = 0; i < backends.length; i++) {
      const backend = backends[(turn + i) % backends.length] as Backend;
      if (!tried.includes(backend) && (best === undefined || burden(backend) < burden(best))) best = backend;
    }
    return best;
  };
}

/** Two at random, the less burdened of them: nearly as even as least-requests, without its herds. */
function randomTwo(backends: readonly Backend[]): Balancer {
  return (tried) => {
    const left = backends.filter((backend) => !tried.includes(backend));
    const first = Math.floor(Math.random() * left.length);
    const second = (first + 1 + Math.floor(Math.random() * Math.max(1, left.length - 1))) % Math.max(1, left.length);
    const a = left[first];
    const b = left[second];
    return a !== undefined && b !== undefined && burden(b) < burden(a) ? b : a;
  };
}

function burden(backend: Backend): number {
  return (backend.load + 1) / backend.weight;
}
