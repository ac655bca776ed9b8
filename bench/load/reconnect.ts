// A new HTTP/2 connection for every request, begun at a fixed rate: the price of a TLS handshake and a first request.
import type { Driver } from './driver.ts';
import { scriptDriver } from './tool.ts';

export interface ReconnectPlan {
  readonly path: string;
  /** Connections begun in a second, whether or not those before them are done. */
  readonly perSecond: number;
  readonly bodyBytes: number;
}

export function reconnect(plan: ReconnectPlan): Driver {
  return scriptDriver('reconnect-script.ts', plan);
}
