// Every client that is compared, in the order of the tables.
import type { Client } from './client.ts';
import { gatehouseHttp1 } from './gatehouse.ts';
import { nodeHttp } from './node-http.ts';
import { undiciDispatch, undiciPipeline, undiciRequest, undiciStream } from './undici.ts';

export const clients: Readonly<Record<string, (port: number) => Client>> = {
  'undici dispatch': undiciDispatch,
  'undici stream': undiciStream,
  'undici request': undiciRequest,
  'undici pipeline': undiciPipeline,
  'node:http Agent': nodeHttp,
  'gatehouse http1': gatehouseHttp1,
};

/** Ratios are to the fastest interface of the library that would take our client's place. */
export const BASELINE = 'undici dispatch';
