// Puts an answer on the wire, late or in part where the test wants that.
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './endpoints.ts';
import type { Fault } from './faults.ts';

export async function send(response: ServerResponse, { status, headers, body }: Answer, fault?: Fault): Promise<void> {
  const bytes = Buffer.from(typeof body === 'object' ? JSON.stringify(body) : (body ?? ''));
  if (fault?.kind === 'slow') await delay(fault.ms, undefined, { ref: false });
  response.statusCode = status;
  if (typeof body === 'object') response.setHeader('content-type', 'application/json');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (fault?.kind === 'truncate') {
    response.setHeader('content-length', bytes.length);
    // Once the half has left, since a connection that is destroyed takes along what was not sent.
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroySoon());
    return;
  }
  response.end(bytes);
}
