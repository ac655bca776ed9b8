// What hash balancing goes by, as a number.
import { networkOf } from '../base/ip.ts';
import type { RequestKey } from '../config/model/upstreams.ts';
import { cookieValue } from '../http/cookies.ts';
import type { Exchange } from '../http/exchange.ts';
import { headerValue } from '../http/headers.ts';
import { hashOf } from './balance/hash.ts';

type Asking = Pick<Exchange, 'client' | 'request'>;

/** A request without the header or cookie goes by its client: those requests too are spread, and stay where they are. */
export function keyReader(key: RequestKey): (x: Asking) => number {
  switch (key.by) {
    case 'path':
      return ({ request }) => hashOf(request.path);
    case 'header':
      return (x) => hashOf(fieldOf(x, key.name) ?? networkOf(x.client));
    case 'cookie':
      return (x) => hashOf(cookieValue(x.request.headers, key.name) ?? networkOf(x.client));
    case 'client.ip':
      return ({ client }) => hashOf(networkOf(client));
  }
}

/** HTTP/2 names the host outside the fields. */
function fieldOf({ request }: Asking, name: string): string | undefined {
  return name === 'host' ? request.authority : headerValue(request.headers, name);
}
