// The configuration's word for a way of balancing, as an object that does it.
import type { UpstreamConfig } from '../../config/model/upstreams.ts';
import type { Balancer, Candidate } from './candidate.ts';
import { Hashing } from './hash.ts';
import { LeastRequests } from './least-requests.ts';
import { RandomTwo } from './random-two.ts';
import { RoundRobin } from './round-robin.ts';

export function makeBalancer<C extends Candidate>(
  { balance, hash }: Pick<UpstreamConfig, 'balance' | 'hash'>,
  all: readonly C[],
): Balancer<C> {
  switch (balance) {
    case 'round-robin':
      return new RoundRobin();
    case 'random-two':
      return new RandomTwo();
    case 'hash':
      return new Hashing(all, hash.factor);
    case 'least-requests':
      return new LeastRequests();
  }
}
