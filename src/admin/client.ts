// The command line's way to the running gateway, through its Unix socket.
import http from 'node:http';
import { GatehouseError } from '../base/errors.ts';
import type { Status } from './control.ts';

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Fails with a GatehouseError when no gateway answers there. */
export async function fetchStatus(socketPath: string): Promise<Status> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = http.get({ socketPath, path: '/status', timeout: TIMEOUT_MS }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too long'));
    });
    response.once('end', () => resolve(text));
    response.once('error', reject);
  });
  request.once('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  request.once('error', reject);
  try {
    return JSON.parse(await promise) as Status;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `no gateway answers on ${socketPath} (${why}); is it running with this config?`;
    throw new GatehouseError('listen_failed', 'gateway', message, { cause: error });
  }
}
