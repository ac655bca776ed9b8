import { expect, test } from 'vitest';
import { AdminServer } from '../../src/admin/server.ts';
import { GatewayControl } from '../../src/cli/control.ts';
import { Reloader, reloadable } from '../../src/cli/reloader.ts';
import { startBackend } from '../support/backend.ts';
import { request } from '../support/client.ts';
import { startGateway, type World } from '../support/world.ts';

function controlOf({ gateway }: World): GatewayControl {
  const reloader: Reloader = new Reloader(reloadable(gateway), () => new AdminServer(control), undefined);
  const control = new GatewayControl(gateway, reloader);
  return control;
}

test('requests are counted by class of status, and names of clients are no labels', async () => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const control = controlOf(world);
  await request('h2', world);
  await request('http/1.1', world, { path: '/again' });
  await request('h2', world, { headers: { ':authority': 'stranger.test' } });
  const { text, contentType } = await control.metrics();
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toContain('gatehouse_requests_total{status="2xx"} 2');
  expect(text).toContain('gatehouse_requests_total{status="4xx"} 1');
  expect(text).toMatch(/^gatehouse_client_connections \d+$/m);
  expect(text).toMatch(
    /^gatehouse_certificate_not_after_timestamp_seconds\{name="localhost",source="internal"\} 1\d{9}$/m,
  );
  expect(text).toMatch(/^gatehouse_process_resident_memory_bytes \d+$/m);
  expect(text).not.toContain('stranger');
  expect(text).not.toContain('/again');
});

test('a second look tells the same figures, not their sum', async () => {
  const backend = await startBackend();
  const world = await startGateway(`sites: { localhost: { to: "${backend.url}" } }`);
  const control = controlOf(world);
  await request('h2', world);
  await control.metrics();
  expect((await control.metrics()).text).toContain('gatehouse_requests_total{status="2xx"} 1');
});

test('of each server monitoring learns whether it gets requests, and how much it has to do', async () => {
  const sick = await startBackend((_, response) => void response.writeHead(500).end());
  const well = await startBackend();
  const world = await startGateway(
    [
      `upstreams: { app: { servers: ["${sick.url}", "${well.url}"], health: { path: /up } } }`,
      'sites: { localhost: { to: app } }',
    ].join('\n'),
  );
  const control = controlOf(world);
  const labels = (url: string): string => `{upstream="app",server="${url}"}`;
  await expect
    .poll(async () => (await control.metrics()).text)
    .toContain(`gatehouse_upstream_server_up${labels(sick.url)} 0`);
  await request('h2', world);
  const { text } = await control.metrics();
  expect(text).toContain(`gatehouse_upstream_server_up${labels(well.url)} 1`);
  expect(text).toContain(`gatehouse_upstream_server_connections${labels(well.url)} 1`);
  expect(text).toContain(`gatehouse_upstream_server_requests_in_progress${labels(well.url)} 0`);
  expect(text).toContain(`gatehouse_upstream_server_requests_waiting${labels(well.url)} 0`);
});
