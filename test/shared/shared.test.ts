// The shared store as it is found in the field: behind a password, TLS, sentinels; slow, full, failing over.
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Shared, type SharedStatus } from '../../src/shared/shared.ts';
import { configOf, someSite } from '../config/reading.ts';
import { temporaryFolder } from '../support/cli.ts';
import { hasComponent } from '../support/components.ts';
import { freePort, type RedisServer, startRedis } from '../support/redis.ts';

const secret = 's3cret:/?#@%';

/** A busy test machine is no slow store, so each has a second unless it says otherwise. */
function open(url: string, more = ''): { shared: Shared; told: SharedStatus[] } {
  const place = url === '' ? '' : `url: "${url}", `;
  const timeout = more.includes('timeout') ? '' : 'timeout: 1s, ';
  const { shared: config } = configOf(`shared: { ${place}${timeout}${more} }\n${someSite}`, { PASS: secret });
  if (config === undefined) throw new Error('nothing is shared');
  const told: SharedStatus[] = [];
  const shared = new Shared(config, (status) => void told.push(status));
  onTestFinished(() => shared.close());
  return { shared, told };
}

function until(shared: Shared, state: string): Promise<void> {
  return vi.waitFor(() => expect(shared.status.state).toBe(state), { timeout: 15_000, interval: 20 });
}

const ping = (shared: Shared): Promise<string> => shared.ask((client) => client.ping());

describe.skipIf(!hasComponent('redis-server'))('the shared store', () => {
  test('behind a password', async () => {
    const server = await startRedis({ args: ['--requirepass', secret] });
    const { shared } = open(server.url, 'password: "${PASS}"');
    await shared.open();
    expect(await ping(shared)).toBe('PONG');
    expect(JSON.stringify(shared.status)).not.toContain('s3cret');
  });

  test.for(['wrong', ''])('with the password "%s" it stays down, and nobody hears the password', async (given) => {
    const server = await startRedis({ args: ['--requirepass', 'right'] });
    const { shared, told } = open(`redis://${given === '' ? '' : `:${given}@`}127.0.0.1:${server.port}`);
    await shared.open();
    expect(shared.isUp).toBe(false);
    await expect(ping(shared)).rejects.toThrow();
    expect(shared.status.reason).toMatch(/WRONGPASS|NOAUTH|connection/);
    expect(JSON.stringify([shared.status, told])).not.toMatch(/"[^"]*:wrong/);
  });

  test('over TLS, with an authority of its own, and not without', async () => {
    const folder = await temporaryFolder();
    const at = (name: string): string => path.join(folder, name);
    const made = spawnSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
      ].concat([
        '-addext',
        'subjectAltName=IP:127.0.0.1,DNS:localhost',
        '-keyout',
        at('key.pem'),
        '-out',
        at('cert.pem'),
      ]),
    );
    expect(made.status).toBe(0);
    const port = await freePort();
    const args = [
      '--port',
      '0',
      '--tls-port',
      String(port),
      '--tls-cert-file',
      at('cert.pem'),
      '--tls-key-file',
      at('key.pem'),
    ];
    await startRedis({ port, args: [...args, '--tls-ca-cert-file', at('cert.pem'), '--tls-auth-clients', 'no'] });
    const { shared } = open(`rediss://localhost:${port}`, `ca: "${at('cert.pem')}"`);
    await shared.open();
    expect(await ping(shared)).toBe('PONG');
    const stranger = open(`rediss://localhost:${port}`).shared;
    await stranger.open();
    expect(stranger.isUp).toBe(false);
    expect(stranger.status.reason).toMatch(/self-signed|certificate/);
  });

  test('slow: it is left alone, and used again when it is quick', async () => {
    const server = await startRedis();
    const relay = await startRelay(server.port);
    const { shared, told } = open(`redis://127.0.0.1:${relay.port}`, 'timeout: 300ms');
    await shared.open();
    expect(await ping(shared)).toBe('PONG');
    relay.delayMs = 1500;
    for (let i = 0; i < 3; i++) await expect(ping(shared)).rejects.toThrow(/no answer within 300 ms/);
    expect(shared.status.state).toBe('slow');
    await expect(ping(shared)).rejects.toThrow('not up');
    relay.delayMs = 0;
    await until(shared, 'up');
    expect(told.map(({ state }) => state)).toEqual(['up', 'slow', 'up']);
  });

  test('one that answers but does not write is not up', async () => {
    const server = await startRedis();
    const { shared, told } = open(server.url);
    await shared.open();
    const redis = new Redis(server.port, '127.0.0.1');
    onTestFinished(() => redis.disconnect());
    await redis.config('SET', 'maxmemory', '1');
    const write = (): Promise<unknown> => shared.ask((client) => client.set('a', 'b'));
    for (let i = 0; i < 3; i++) await expect(write()).rejects.toThrow(/OOM/);
    expect(shared.status).toMatchObject({ state: 'down', reason: expect.stringContaining('OOM') });
    await redis.config('SET', 'maxmemory', '0');
    await until(shared, 'up');
    expect(told).toHaveLength(3);
  });

  test('through sentinels: after a failover the new master is asked', async () => {
    const master = await startRedis({ args: ['--requirepass', 'pw', '--masterauth', 'pw'] });
    const replica = await startRedis({
      args: ['--requirepass', 'pw', '--masterauth', 'pw', '--replicaof', '127.0.0.1', String(master.port)],
    });
    const sentinel = await startSentinel(master, 'pw');
    const { shared } = open('', `sentinels: ["127.0.0.1:${sentinel.port}"], password: pw`);
    await shared.open();
    await until(shared, 'up');
    const portOf = (): Promise<string> =>
      shared.ask((client) => client.config('GET', 'port') as Promise<string[]>).then(([, port]) => port ?? '');
    expect(await portOf()).toBe(String(master.port));
    await untilReplicates(replica);
    await master.kill();
    await until(shared, 'down');
    await vi.waitFor(async () => expect(await portOf()).toBe(String(replica.port)), { timeout: 18_000, interval: 100 });
    expect(await shared.ask((client) => client.set('a', 'b'))).toBe('OK');
  }, 40_000);

  test('what is published is heard, again after a restart', async () => {
    const server = await startRedis();
    const { shared } = open(server.url);
    await shared.open();
    const heard: string[] = [];
    const news: number[] = [];
    shared.subscribe('news', (message) => void heard.push(message));
    shared.onUp(() => void news.push(1));
    const publish = (text: string): Promise<unknown> => shared.ask((client) => client.publish('news', text));
    await vi.waitFor(async () => {
      await publish('one');
      expect(heard).toContain('one');
    });
    await server.kill();
    await until(shared, 'down');
    const before = news.length;
    await server.start();
    await until(shared, 'up');
    await vi.waitFor(async () => {
      await publish('two');
      expect(heard).toContain('two');
    });
    expect(news.length).toBeGreaterThan(before);
  });

  test('connections that break while they begin to listen harm nobody', async () => {
    const server = await startRedis();
    const relay = await startRelay(server.port);
    const { shared } = open(`redis://127.0.0.1:${relay.port}`);
    await shared.open();
    const heard: string[] = [];
    shared.subscribe('news', (message) => void heard.push(message));
    const hears = (text: string): Promise<void> =>
      vi.waitFor(
        async () => {
          await shared.ask((client) => client.publish('news', text));
          expect(heard).toContain(text);
        },
        { timeout: 10_000 },
      );
    await hears('one');
    relay.cutsOn = 'subscribe';
    relay.cut();
    await vi.waitFor(() => expect(relay.cuts).toBeGreaterThan(2), { timeout: 10_000 });
    relay.cutsOn = undefined;
    await hears('two');
  });
});

interface Relay {
  port: number;
  delayMs: number;
  /** A word of the client that ends its connection. */
  cutsOn: string | undefined;
  cuts: number;
  /** All connections. */
  cut(): void;
}

/** Between a client and a server, holding back what the server says. */
async function startRelay(port: number): Promise<Relay> {
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const relay: Relay = { port: 0, delayMs: 0, cutsOn: undefined, cuts: 0, cut };
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (relay.cutsOn === undefined || !chunk.includes(relay.cutsOn)) return void upstream.write(chunk);
      relay.cuts++;
      client.destroy();
    });
    upstream.on('data', (chunk: Buffer) => void setTimeout(() => client.write(chunk), relay.delayMs));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    cut();
  });
  relay.port = (server.address() as net.AddressInfo).port;
  return relay;
}

async function startSentinel(master: RedisServer, password: string): Promise<RedisServer> {
  const port = await freePort();
  const file = path.join(await temporaryFolder(), 'sentinel.conf');
  await writeFile(
    file,
    `port ${port}
bind 127.0.0.1
sentinel monitor mymaster 127.0.0.1 ${master.port} 1
sentinel auth-pass mymaster ${password}
sentinel down-after-milliseconds mymaster 500
sentinel failover-timeout mymaster 2000
`,
  );
  return startRedis({ port, sentinel: file });
}

async function untilReplicates(replica: RedisServer): Promise<void> {
  const redis = new Redis({ port: replica.port, host: '127.0.0.1', password: 'pw' });
  onTestFinished(() => redis.disconnect());
  await vi.waitFor(async () => expect(await redis.info('replication')).toContain('master_link_status:up'), {
    timeout: 10_000,
    interval: 50,
  });
}
