// Which certificates a configuration would order, from whom and by which proof, and what stands in the way.

import { typesFor } from '../acme/challenges/solve.ts';
import { isPublicAuthority } from '../acme/known.ts';
import type { Config } from '../config/config.ts';
import type { StoredView } from './stored.ts';

export interface PlannedOrder {
  readonly name: string;
  /** Directories, asked in this order. */
  readonly authorities: readonly string[];
  readonly challenges: readonly string[];
}

export interface OrderPlan {
  readonly orders: readonly PlannedOrder[];
  readonly warnings: readonly string[];
}

export function planOrders(config: Config, { managed }: StoredView): OrderPlan {
  const { issuers, challenges } = config.certificates.acme;
  const orders = managed.names.map((name) => ({
    name,
    authorities: issuers.map(({ directory }) => directory),
    challenges: typesFor(name, challenges),
  }));
  const warnings = [...managed.warnings, ...orders.flatMap((order) => unanswerable(order, config))];
  const isWatched = issuers.some(({ directory }) => isPublicAuthority(directory));
  return { orders, warnings: isWatched ? [...warnings, ...oddPorts(orders, config)] : warnings };
}

/** A challenge over HTTP that nobody listens for. */
function unanswerable({ name, challenges }: PlannedOrder, { listen }: Config): string[] {
  if (listen.http.length > 0 || challenges.some((type) => type !== 'http-01')) return [];
  return [`${name} can be proved by http-01 only, and listen.http is off: switch it on, or allow another challenge`];
}

/** A public authority comes to 80 and 443, whatever `listen` says. */
function oddPorts(orders: readonly PlannedOrder[], { listen }: Config): string[] {
  const isReached = listen.https.some(({ port }) => port === 443) || listen.http.some(({ port }) => port === 80);
  if (isReached || orders.every(({ challenges }) => challenges.includes('dns-01'))) return [];
  const own = [...listen.https, ...listen.http].map(({ port }) => port).join(' and ');
  return [
    `a public authority comes to the ports 443 and 80, and the gateway listens on ${own}: something in front must lead them here`,
  ];
}
