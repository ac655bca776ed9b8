// A server behind the gateway, as `status` shows it.
import type { ServerStatus } from '../admin/control.ts';
import type { Backend } from '../upstream/backend.ts';

export function serverStatus({ url, weight, condition, share, load, waiting, connections }: Backend): ServerStatus {
  return {
    url: url.href,
    weight,
    state: condition.state,
    reason: condition.reason ?? null,
    since: condition.since.toISOString(),
    share,
    load,
    queue: waiting,
    connections,
  };
}

/** One line: what it does, and when it is not up, why and since when. */
export function serverLine({ url, state, reason, since, load, queue }: ServerStatus): string {
  const waiting = queue === 0 ? '' : ` (${queue} waiting)`;
  const why = state === 'up' ? '' : ` since ${since}${reason === null ? '' : `, ${reason}`}`;
  return `${url} ${state}${why}; ${load} requests under way${waiting}`;
}
