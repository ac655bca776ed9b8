import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { writeSmallConfig } from '../support/small-config.ts';

async function startWorld() {
  const { url } = await startBackend();
  const cwd = await temporaryFolder();
  writeSmallConfig(cwd, { beside: 'bans: { exempt: [192.0.2.0/24] }', name: 'a.test', to: url });
  const gateway = startCli(['run'], { cwd });
  await gateway.said('"ready"');
  return { cwd, gateway, bans: (...args: string[]) => runCli(['bans', ...args], { cwd }) };
}

test('bans are set, shown, explained and lifted by hand, and survive being killed in the next moment', async () => {
  const { cwd, gateway, bans } = await startWorld();
  expect(await bans('list')).toMatchObject({ code: 0, stdout: '', stderr: 'Nobody is banned.\n' });
  expect(await bans('add', '2001:db8::7', '--for', '2h', '--site', 'a.test', '--reason', 'spam')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^2001:db8:0:0::\/64 {2}a\.test {2}until .*; by hand at .*: spam\n$/),
  });
  expect((await bans('add', '203.0.113.0/24')).code).toBe(0);
  expect(JSON.parse((await bans('list', '--json')).stdout)).toMatchObject([
    { address: '2001:db8:0:0::/64', site: 'a.test', cause: 'hand', reason: 'spam', isInForce: true },
    { address: '203.0.113.0/24', site: null, reason: 'by hand' },
  ]);
  expect(await bans('why', '203.0.113.77')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('203.0.113.0/24'),
  });
  expect(await bans('why', '198.51.100.1')).toMatchObject({ code: 1, stdout: '198.51.100.1 is not banned.\n' });
  expect((await bans('why', '192.0.2.1')).stdout).toContain('is exempt');

  expect(await bans('remove', '2001:db8::9')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^lifted {2}2001:db8/),
  });
  expect((await bans('remove', '2001:db8::9')).code).toBe(1);

  gateway.child.kill('SIGKILL');
  await gateway.ended;
  const again = startCli(['run'], { cwd });
  await again.said('"ready"');
  expect(JSON.parse((await bans('list', '--json')).stdout)).toMatchObject([{ address: '203.0.113.0/24' }]);
});

test('what cannot be meant is said, with exit code 2', async () => {
  const { bans } = await startWorld();
  const wrong = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await bans(...args);
    expect(code).toBe(2);
    return stderr;
  };
  expect(await wrong('add', 'nobody')).toContain('"nobody" is not an address range');
  expect(await wrong('add', '198.51.100.1', '--for', 'ever')).toContain('"ever" is not a time');
  expect(await wrong('add', '198.51.100.1', '--site', 'b.test')).toContain('there is no site "b.test"');
  expect(await wrong('add', '192.0.2.9')).toContain('exempt');
  expect(await wrong('why', '203.0.113.0/24')).toContain('is not an address');
});

test('without a gateway it is said that none runs', async () => {
  const cwd = await temporaryFolder();
  await writeFile(path.join(cwd, 'gatehouse.yaml'), 'sites: { a.test: { to: "http://127.0.0.1:1" } }\n');
  expect(await runCli(['bans', 'list'], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no gateway answers'),
  });
});
