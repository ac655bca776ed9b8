import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { ask, groupOf } from './group.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-checks-'));
const [keyFile, certFile] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];

beforeAll(() => {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=app.internal', '-addext', 'subjectAltName=DNS:app.internal'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Speaks HTTP/2 and HTTP/1.1; keeps which one it was asked by. */
async function secure(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const options = { key: readFileSync(keyFile), cert: readFileSync(certFile), allowHTTP1: true };
  const server = http2.createSecureServer(options, (request, response) => {
    asked.push(`${request.httpVersion} ${request.url}`);
    response.end('well');
  });
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test.for([
  ['verify: false', 'up', '2.0'],
  ['ca: CERT, serverName: app.internal', 'up', '2.0'],
  ['ca: CERT', 'down', undefined],
  ['verify: true', 'down', undefined],
] as const)(
  'a check goes by the TLS settings of the group: with %s the server is %s',
  async ([tls, state, version]) => {
    const app = await secure();
    const clock = new ManualClock();
    const settings = tls.replace('CERT', JSON.stringify(certFile));
    const upstream = groupOf(`{ servers: ["${app.url}"], tls: { ${settings} }, health: { path: /up } }`, { clock });
    upstream.start();
    await expect.poll(() => clock.pending).toBe(1);
    expect(upstream.backends[0]?.condition.state).toBe(state);
    expect(app.asked).toEqual(version === undefined ? [] : [`${version} /up`]);
  },
);

test('a check over HTTP/1.1 where the group is told so, and requests after it go the same way', async () => {
  const app = await secure();
  const clock = new ManualClock();
  const yaml = `{ servers: ["${app.url}"], protocol: http1, tls: { verify: false }, health: { path: /up } }`;
  const upstream = groupOf(yaml, { clock });
  upstream.start();
  await expect.poll(() => clock.pending).toBe(1);
  expect(await ask(upstream)).toBe('well');
  expect(app.asked).toEqual(['1.1 /up', '1.1 /']);
});
