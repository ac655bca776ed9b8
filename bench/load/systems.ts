// Every system that can be measured, in the order of the tables.
import { caddy } from './peers/caddy.ts';
import { fastify } from './peers/fastify.ts';
import { gatehouse, gatehouseWithRules, gatehouseWithWorker, gatehouseWithWorkers } from './peers/gatehouse.ts';
import { haproxy } from './peers/haproxy.ts';
import { nginx } from './peers/nginx.ts';
import type { System } from './system.ts';

export const systems: readonly System[] = [
  nginx,
  haproxy,
  caddy,
  fastify,
  gatehouse,
  gatehouseWithWorker,
  gatehouseWithWorkers,
  gatehouseWithRules,
];

/** Ratios are to this one, or to the first that is there. */
export const BASELINE: string = nginx.name;
