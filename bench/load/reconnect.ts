// A new HTTP/2 connection for every request, some at a time: the price of a TLS handshake and a first request. A system that has
// nothing to do in between would pay for each time that it wakes up, which is no price of a connection.
import type { Driver } from './driver.ts';
import { scriptDriver } from './tool.ts';

export interface ReconnectPlan {
  readonly path: string;
  /** How many are open; each is followed by the next one at once. */
  readonly atATime: number;
  readonly bodyBytes: number;
}

export function reconnect(plan: ReconnectPlan): Driver {
  return scriptDriver('reconnect-script.ts', plan);
}
