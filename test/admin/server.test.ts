import { stat } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fetchStatus } from '../../src/admin/client.ts';
import type { Control, Status } from '../../src/admin/control.ts';
import { AdminServer } from '../../src/admin/server.ts';
import { temporaryFolder } from '../support/cli.ts';

const STATUS = { state: 'ready', sites: [], upstreams: [] } as unknown as Status;

function open(
  admin: Parameters<AdminServer['open']>[0]['admin'],
  control: Partial<Control> = {},
): Promise<AdminServer> {
  const server = new AdminServer({ isReady: () => true, status: () => STATUS, ...control });
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
  expect(await ask('/readyz')).toEqual({ status: 503, body: 'draining\n' });
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
