// What is recorded of servers: each change of state, and nothing for each request.
import type { Records } from '../observe/records.ts';
import type { ServerChange } from '../upstream/roster.ts';

export function recordServerChange(records: Records, upstream: string, { backend, from, to }: ServerChange): void {
  const facts = { upstream, server: backend.url.href, from, to, why: backend.condition.reason };
  if (to === 'up') records.info('upstream', 'a server is back', facts);
  else records.warn('upstream', to === 'down' ? 'a server is down' : 'a server is taken out for a while', facts);
}
