// Many clients at once, each with one request after the other on connections that are kept.
import http2 from 'node:http2';
import https from 'node:https';
import type { Over } from './client.ts';
import type { World } from './world.ts';

export interface Load {
  readonly clients: number;
  readonly requests: number;
  readonly method?: string;
  /** Called after each answer with how many there have been. */
  readonly onAnswer?: (count: number) => void;
}

/** What came of every request: its status, or why there was none. */
export async function runLoad(over: Over, world: Pick<World, 'port' | 'ca'>, load: Load): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const connected = over === 'h2' ? overHttp2(world) : overHttp1(world, load.clients);
  let begun = 0;
  let answered = 0;
  const client = async (): Promise<void> => {
    while (begun < load.requests) {
      begun++;
      const outcome = await connected.get(load.method ?? 'GET').catch((error: Error) => error.message);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      load.onAnswer?.(++answered);
    }
  };
  await Promise.all(Array.from({ length: load.clients }, client));
  connected.close();
  return outcomes;
}

interface Client {
  get(method: string): Promise<string>;
  close(): void;
}

function overHttp2({ port, ca }: Pick<World, 'port' | 'ca'>): Client {
  const session = http2.connect(`https://localhost:${port}`, { ca });
  return {
    get(method) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const stream = session.request({ ':path': '/', ':method': method });
      let status = 'no answer';
      stream.on('response', (fields) => {
        status = String(fields[':status']);
      });
      stream.on('error', reject);
      stream.on('end', () => resolve(status));
      stream.resume();
      return promise;
    },
    close: () => session.close(),
  };
}

function overHttp1({ port, ca }: Pick<World, 'port' | 'ca'>, maxSockets: number): Client {
  const agent = new https.Agent({ keepAlive: true, maxSockets, ca });
  return {
    get(method) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const call = https.request({ host: 'localhost', port, agent, method }, (response) => {
        response.resume();
        response.on('error', reject);
        response.on('end', () => resolve(String(response.statusCode)));
      });
      call.on('error', reject);
      call.end();
      return promise;
    },
    close: () => agent.destroy(),
  };
}
