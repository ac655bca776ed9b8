// autocannon as generator for HTTP/1.1 over TLS: each connection sends its next request when it has its answer.
import type { Driver } from './driver.ts';
import { scriptDriver } from './tool.ts';

export interface AutocannonPlan {
  readonly path: string;
  readonly connections: number;
}

export function autocannon(plan: AutocannonPlan): Driver {
  return scriptDriver('autocannon-script.ts', plan);
}
