// What is measured. A scenario is one entry here; a later room adds its own.
import { FILES, POST_REPLY } from '../rig/workspace.ts';
import { autocannon } from './autocannon.ts';
import type { Driver } from './driver.ts';
import { h2load } from './h2load.ts';
import { reconnect } from './reconnect.ts';

export interface Scenario {
  /** For --only. */
  readonly name: string;
  readonly title: string;
  readonly drive: Driver;
}

const KIB_1 = { path: '/1k', bodyBytes: bytesOf('1k') };
const KIB_100 = { path: '/100k', bodyBytes: bytesOf('100k') };
const MIB_10 = { path: '/10m', bodyBytes: bytesOf('10m') };
const POST = { path: '/post', bodyBytes: POST_REPLY.length, isPost: true };

export const scenarios: readonly Scenario[] = [
  {
    name: 'h2-1k',
    title: 'HTTP/2, GET 1 KiB, 16 connections with 4 streams',
    drive: h2load({ protocol: 'h2', ...KIB_1, connections: 16, streams: 4 }),
  },
  {
    name: 'h2-2000',
    title: 'HTTP/2, GET 1 KiB, 2,000 requests a second over 20 connections: latency',
    drive: h2load({ protocol: 'h2', ...KIB_1, connections: 20, streams: 4, perSecond: 2_000 }),
  },
  {
    name: 'h1-1k',
    title: 'HTTP/1.1, GET 1 KiB, 64 connections, autocannon',
    drive: autocannon({ ...KIB_1, connections: 64 }),
  },
  {
    name: 'h1-1k-full',
    title: 'HTTP/1.1, GET 1 KiB, 64 connections, h2load (a generator that keeps every system busy)',
    drive: h2load({ protocol: 'http/1.1', ...KIB_1, connections: 64, streams: 1 }),
  },
  {
    name: 'h2-post-4k',
    title: 'HTTP/2, POST 4 KiB JSON, 16 connections with 4 streams',
    drive: h2load({ protocol: 'h2', ...POST, connections: 16, streams: 4 }),
  },
  {
    name: 'h2-100k',
    title: 'HTTP/2, GET 100 KiB, 8 connections with 4 streams',
    drive: h2load({ protocol: 'h2', ...KIB_100, connections: 8, streams: 4 }),
  },
  {
    name: 'h2-10m',
    title: 'HTTP/2, GET 10 MiB, 4 connections with 1 stream',
    drive: h2load({ protocol: 'h2', ...MIB_10, connections: 4, streams: 1 }),
  },
  {
    name: 'h2-connect',
    title: 'HTTP/2, GET 1 KiB, a new connection for every request, 8 at a time',
    drive: reconnect({ ...KIB_1, atATime: 8 }),
  },
];

function bytesOf(file: string): number {
  return FILES.get(file) as number;
}
