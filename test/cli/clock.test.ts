// The wall clock of a running gateway jumps: who is served goes on being served, and what counts goes on counting.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { type Answer, request } from '../support/client.ts';
import { writeSmallConfig } from '../support/small-config.ts';

const SHIM = new URL('../support/jumping-clock.mjs', import.meta.url).href;

test.for(['48', '-48'])('by %s hours', async (hours) => {
  const { url } = await startBackend((_, response) => response.setHeader('cache-control', 'max-age=60').end('hello'));
  const folder = await temporaryFolder();
  const clock = path.join(folder, 'clock');
  writeFileSync(clock, hours);
  const routes = '[{ match: { path: /few }, limits: [{ rate: 2/h }] }, {}]';
  const file = writeSmallConfig(folder, { to: url, site: `, cache: { store: memory }, routes: ${routes}` });
  const gateway = startCli(['run', '-c', file], { env: { NODE_OPTIONS: `--import=${SHIM}`, CLOCK_FILE: clock } });
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(await gateway.said('"ready"'))?.[1]);
  const ca = readFileSync(path.join(folder, 'certs/internal/root.pem'), 'utf8');
  const get = (where: string): Promise<Answer> => request('h2', { port, ca }, { path: where });
  expect((await get('/few')).status).toBe(200);
  gateway.child.kill('SIGWINCH');
  await gateway.said('the clock is off');
  expect((await get('/')).status).toBe(200);
  // A jump ahead ends the hour; whoever asks too often is turned away all the same, and one back shuts nobody out for longer.
  const statuses: number[] = [];
  while (statuses.at(-1) !== 429 && statuses.length < 4) statuses.push((await get('/few')).status);
  expect(statuses).toEqual(hours === '48' ? [200, 200, 429] : [200, 429]);
  await runCli(['reload', '-c', file]);
  expect((await get('/')).status).toBe(200);
  expect((await runCli(['status', '-c', file])).code).toBe(0);
  gateway.child.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
});
