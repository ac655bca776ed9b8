// Leaving HTTP/1.1 on a connection: the answer that agrees to it, and what is handed over then
// (RFC 9110, 7.8).
import type { Socket } from 'node:net';
import { GatehouseError } from '../../base/errors.ts';
import type { Headers } from '../../http/headers.ts';
import type { Reply } from '../../http/reply.ts';
import type { ResponseHead } from './head.ts';

/** The backend has switched protocols. The socket is paused; its new owner listens to it from now on, and ends it. */
export interface Upgraded {
  status: 101;
  headers: Headers;
  socket: Socket;
  /** Bytes of the other protocol that came with the answer. */
  head: Buffer;
}

/** What became of a request to switch: it was agreed to, or answered like any other. */
export type UpgradeResult = { reply: Reply } | Upgraded;

/**
 * What is wrong with a 101 to a request for `protocol`; undefined when it agrees to exactly that. A
 * tunnel into anything else would let the client speak to the backend past every rule (h2c smuggling).
 */
export function upgradeFault(head: ResponseHead, protocol: string): GatehouseError | undefined {
  if (head.upgrade?.toLowerCase() === protocol.toLowerCase()) return undefined;
  return new GatehouseError('upstream_protocol', 'upstream', `the backend's 101 does not switch to ${protocol}`);
}
