import { stat } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fetchStatus } from '../../src/admin/client.ts';
import type { Control, Status } from '../../src/admin/control.ts';
import { AdminServer } from '../../src/admin/server.ts';
import { GatehouseError } from '../../src/base/errors.ts';
import { temporaryFolder } from '../support/cli.ts';

const STATUS = { state: 'ready', sites: [], upstreams: [] } as unknown as Status;

function fails(): never {
  throw new GatehouseError('bad_request', 'client', 'this cannot be meant');
}

function open(
  admin: Parameters<AdminServer['open']>[0]['admin'],
  control: Partial<Control> = {},
): Promise<AdminServer> {
  const server = new AdminServer({
    isReady: () => true,
    remarks: () => [],
    status: () => STATUS,
    reload: () => Promise.resolve({ ok: true, problems: [], error: null, warnings: [] }),
    metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    renewCertificates: () => Promise.resolve([]),
    lookForCertificates: () => Promise.resolve([]),
    bans: { list: () => [], add: fails, remove: () => Promise.resolve([]), why: () => ({ isExempt: false, bans: [] }) },
    rules: () =>
      Promise.resolve({
        findings: () => [],
        shadows: () => [],
        explain: () => null,
        exceptions: () => [],
        except: () => null,
      }),
    cache: { status: () => [], purge: fails },
    ...control,
  });
  onTestFinished(() => server.close());
  return server.open({ admin }).then(() => server);
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function get(options: http.RequestOptions): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  http
    .get({ ...options, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
    .on('error', reject);
  return promise;
}

test('health is told on TCP, and nothing else', async () => {
  const port = await freePort();
  let isReady = true;
  await open({ socket: undefined, http: { host: '127.0.0.1', port } }, { isReady: () => isReady });
  const ask = (path: string): Promise<{ status: number; body: string }> => get({ host: '127.0.0.1', port, path });
  expect(await ask('/healthz')).toEqual({ status: 200, body: 'ok\n' });
  expect(await ask('/readyz')).toEqual({ status: 200, body: 'ready\n' });
  isReady = false;
  expect(await ask('/readyz')).toEqual({ status: 503, body: 'not ready\n' });
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/status')).status).toBe(404);
});

test('the status is told on the socket, which only the owner and the group can open', async () => {
  const socket = path.join(await temporaryFolder(), 'run/admin.sock');
  await open({ socket, http: undefined });
  expect(await fetchStatus(socket)).toEqual(STATUS);
  expect((await stat(socket)).mode & 0o777).toBe(0o660);
  expect((await get({ socketPath: socket, path: '/healthz' })).status).toBe(200);
});

test('a socket that a killed process left behind is taken over, one in use is not', async () => {
  const socket = path.join(await temporaryFolder(), 'admin.sock');
  await open({ socket, http: undefined });
  await expect(open({ socket, http: undefined })).rejects.toThrow('another gateway is running');
  expect(await fetchStatus(socket)).toEqual(STATUS);
});

test('a gateway that is not there is said so', async () => {
  await expect(fetchStatus(path.join(await temporaryFolder(), 'none.sock'))).rejects.toThrow('no gateway answers');
});

test('what changes something is taken on the socket only', async () => {
  const socket = path.join(await temporaryFolder(), 'run/admin.sock');
  const port = await freePort();
  const renewed: unknown[] = [];
  const renewCertificates: Control['renewCertificates'] = (name) => {
    renewed.push(name);
    return Promise.resolve([]);
  };
  await open({ socket, http: { host: '127.0.0.1', port } }, { renewCertificates });
  const post = (to: http.RequestOptions, body: string): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const call = http.request({ ...to, method: 'POST', path: '/certificates/renew', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end(body);
    return promise;
  };
  expect(await post({ host: '127.0.0.1', port }, '{}')).toBe(404);
  expect(await post({ socketPath: socket }, '{"name":"a.test"}')).toBe(200);
  expect(await post({ socketPath: socket }, '')).toBe(200);
  expect(await post({ socketPath: socket }, '[')).toBe(400);
  expect(await post({ socketPath: socket }, '"text"')).toBe(400);
  expect(await post({ socketPath: socket }, `{"name":"${'x'.repeat(100_000)}"}`)).toBe(400);
  expect(renewed).toEqual(['a.test', undefined]);
});

test('metrics are told on TCP with their own content type', async () => {
  const port = await freePort();
  const metrics: Control['metrics'] = () =>
    Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'a 1\n' });
  await open({ socket: undefined, http: { host: '127.0.0.1', port } }, { metrics });
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  expect(await answer.text()).toBe('a 1\n');
});

test('a figure that cannot be had is a 500 and no crash', async () => {
  const port = await freePort();
  await open(
    { socket: undefined, http: { host: '127.0.0.1', port } },
    { metrics: () => Promise.reject(new Error('no')) },
  );
  expect((await get({ host: '127.0.0.1', port, path: '/metrics' })).status).toBe(500);
});
