import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { isWhole } from '../../src/http/reply.ts';
import { Call } from '../../src/upstream/call.ts';
import { Upstream } from '../../src/upstream/upstream.ts';
import type { Backend } from '../support/backend.ts';
import { startBackend, startStreamingBackend } from '../support/backend.ts';

function upstreamOf(yaml: string): Upstream {
  const text = `upstreams: { app: ${yaml} }\nsites: { a.test: { to: app } }`;
  const { config, problems } = parseConfig(text, { file: 'test.yaml', baseDir: '/', env: {} });
  const settings = config?.upstreams.get('app');
  if (settings === undefined) throw new Error(JSON.stringify(problems));
  return new Upstream(settings, { timeoutMs: 1000 });
}

async function ask(upstream: Upstream, method = 'GET'): Promise<string> {
  const { body } = await upstream.send(() => new Call(method, '/', 'a.test', [], undefined));
  return isWhole(body) ? Buffer.from(body).toString() : '';
}

const named = (name: string): Promise<Backend> => startBackend((_, response) => void response.end(name));

describe('calls are spread', () => {
  test('round-robin by weight, smoothly', async () => {
    const [a, b] = await Promise.all([named('a'), named('b')]);
    const upstream = upstreamOf(
      `{ balance: round-robin, servers: [{ url: "${a.url}", weight: 3 }, { url: "${b.url}" }] }`,
    );
    let order = '';
    for (let i = 0; i < 8; i++) order += await ask(upstream);
    expect(order).toBe('aabaaaba');
    upstream.close();
  });

  test('to the one with the fewest requests under way', async () => {
    const held: (() => void)[] = [];
    const slow = await startStreamingBackend((_, response) => void held.push(() => response.end('slow')));
    const quick = await named('quick');
    const upstream = upstreamOf(`{ servers: ["${slow.url}", "${quick.url}"] }`);
    const first = await Promise.race([ask(upstream), ask(upstream)]);
    expect(first).toBe('quick');
    for (let i = 0; i < 5; i++) expect(await ask(upstream)).toBe('quick');
    for (const release of held) release();
    upstream.close();
  });

  test.for(['random-two', 'least-requests', 'round-robin'])('%s reaches every server', async (balance) => {
    const servers = await Promise.all(['a', 'b', 'c'].map(named));
    const upstream = upstreamOf(
      `{ balance: ${balance}, servers: [${servers.map(({ url }) => `"${url}"`).join(', ')}] }`,
    );
    const seen = new Set<string>();
    for (let i = 0; i < 60; i++) seen.add(await ask(upstream));
    expect(seen.size).toBe(3);
    upstream.close();
  });
});

describe('a call goes to another server', () => {
  test('when the first cannot be reached, also with a method that must not be repeated', async () => {
    const b = await named('b');
    const upstream = upstreamOf(`{ balance: round-robin, servers: ["http://127.0.0.1:1", "${b.url}"] }`);
    for (let i = 0; i < 4; i++) expect(await ask(upstream, 'POST')).toBe('b');
    upstream.close();
  });

  test('never when the first may have begun with it', async () => {
    const a = await startStreamingBackend((request) => void request.socket.destroy());
    const upstream = upstreamOf(`{ servers: ["${a.url}"] }`);
    await expect(ask(upstream, 'POST')).rejects.toMatchObject({ code: 'upstream_closed' });
    expect(a.connections.count).toBe(1);
    upstream.close();
  });
});

describe('connections to a server', () => {
  test('are bounded: more calls wait for their turn', async () => {
    let most = 0;
    let now = 0;
    const app = await startStreamingBackend((_, response) => {
      now++;
      most = Math.max(most, now);
      setImmediate(() => {
        now--;
        response.end('x');
      });
    });
    const upstream = upstreamOf(`{ servers: ["${app.url}"], maxConnections: 3 }`);
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(upstream)));
    expect(answers.every((answer) => answer === 'x')).toBe(true);
    expect(most).toBeLessThanOrEqual(3);
    expect(app.connections.count).toBeLessThanOrEqual(3);
    upstream.close();
  });

  test('that were closed while they were kept cost no call', async () => {
    const app = await startBackend((_, response) => {
      response.end('x');
      // The answer is out; the connection that the gateway keeps goes now.
      setImmediate(() => response.socket?.destroy());
    });
    const upstream = upstreamOf(`{ servers: ["${app.url}"] }`);
    for (let i = 0; i < 20; i++) expect(await ask(upstream)).toBe('x');
    upstream.close();
  });

  test('a call that waits and is given up is not sent', async () => {
    const app = await startStreamingBackend(() => {});
    const upstream = upstreamOf(`{ servers: ["${app.url}"], maxConnections: 1 }`);
    const first = new Call('GET', '/', 'a.test', [], undefined);
    const second = new Call('GET', '/', 'a.test', [], undefined);
    const answers = [upstream.send(() => first), upstream.send(() => second)].map((answer) =>
      answer.catch((error: unknown) => error),
    );
    second.cancel();
    expect(await answers[1]).toMatchObject({ code: 'client_closed' });
    first.cancel();
    expect(await answers[0]).toMatchObject({ code: 'client_closed' });
    upstream.close();
  });
});
