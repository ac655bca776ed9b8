// Node's own client with a keep-alive Agent.
import { Agent, request } from 'node:http';
import { HOST } from '../../rig/workspace.ts';
import type { Client } from './client.ts';
import { CONNECTIONS, FIELDS, unexpected } from './client.ts';

const headers = ['host', HOST, ...FIELDS];

export function nodeHttp(port: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS });
  return {
    send({ method, path, body }): Promise<number> {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const fields = body === undefined ? headers : [...headers, 'content-length', String(body.length)];
      const sent = request({ agent, host: '127.0.0.1', port, method, path, headers: fields }, (response) => {
        let bytes = 0;
        if (response.statusCode !== 200) reject(unexpected(response.statusCode ?? 0));
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.once('end', () => resolve(bytes));
      });
      sent.once('error', reject);
      sent.end(body);
      return promise;
    },
    close: () => agent.destroy(),
  };
}
