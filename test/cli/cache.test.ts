import path from 'node:path';
import { expect, test } from 'vitest';
import { openLocalCa } from '../../src/tls/local-ca.ts';
import { startBackend } from '../support/backend.ts';
import { runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';
import { writeSmallConfig } from '../support/small-config.ts';

test('what is stored is shown and thrown away', async () => {
  const { url } = await startBackend((_, response) => response.setHeader('cache-control', 'max-age=600').end('hello'));
  const cwd = await temporaryFolder();
  writeSmallConfig(cwd, { name: 'a.test', to: url, site: ', cache: { store: memory }' });
  const gateway = startCli(['run'], { cwd });
  await gateway.said('"ready"');
  const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(args, { cwd });
  const { listen } = JSON.parse((await cli('status', '--json')).stdout) as { listen: { https: string[] } };
  const world = { port: Number(listen.https[0]?.split(':')[1]), ca: openLocalCa(path.join(cwd, 'certs')).rootPem };
  const host = 'a.test';
  for (const each of ['/one', '/two', '/two']) await request('h2', world, { host, path: each });

  expect((await cli('cache', 'status')).stdout).toMatch(
    /^a\.test {2}2 stored \(0\.0 MiB, 0 gave way\); 1 answered from it \(1 hit, .*\), 2 missed, 0 passed\n$/,
  );
  expect(await cli('cache', 'purge', 'https://a.test/one')).toMatchObject({ code: 0, stdout: '1 removed\n' });
  expect(await cli('cache', 'purge', '--all', '--json')).toMatchObject({ code: 0, stdout: '{\n  "removed": 1\n}\n' });
  expect(JSON.parse((await cli('cache', 'status', '--json')).stdout)).toMatchObject([
    { site: 'a.test', entries: 0, bytes: 0, hit: 1, miss: 2 },
  ]);
  expect(await cli('cache', 'purge', 'https://b.test/')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no site for b.test'),
  });
});
