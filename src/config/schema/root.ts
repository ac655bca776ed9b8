// The whole file.

import { certificates } from './certificates.ts';
import { bans } from './limits.ts';
import type { Node } from './node.ts';
import { map } from './node.ts';
import { admin, listen, logs, record, requestLimits, timeouts, trustedProxies, workers } from './server.ts';
import { shared } from './shared.ts';
import { sites } from './sites.ts';
import { upstreams } from './upstreams.ts';

export const root: Node = map(
  'The configuration file of Gatehouse.',
  {
    listen,
    trustedProxies,
    workers,
    shared,
    admin,
    timeouts,
    requestLimits,
    bans,
    certificates,
    upstreams,
    sites,
    logs,
    record,
  },
  { required: ['sites'] },
);
