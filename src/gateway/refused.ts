// What the reader of HTTP refuses is still shown to the rules, so that the record says what was tried. The answer is
// given already; nothing that the rules find changes it.
import type { Exchange } from '../http/exchange.ts';
import type { RefusedHead } from '../http/refused-head.ts';
import type { Reply } from '../http/reply.ts';
import type { RequestHead } from '../waf/request.ts';
import type { Context } from './runtime.ts';

/** `head`: the head as it was sent, when no request could be made of it. */
export function showRefused(x: Exchange, { runtime, records }: Context, reply: Reply, head?: RefusedHead): void {
  const guard = (runtime.sites.find(x.request.host) ?? runtime).guard;
  if (guard === undefined) return;
  guard.watch(x, records, undefined).observe(head === undefined ? {} : asSent(head), reply);
}

function asSent({ method, target, protocol, headers }: RefusedHead): Partial<RequestHead> {
  return { method, target, protocol, headers };
}
