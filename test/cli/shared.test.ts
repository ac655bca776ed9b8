// What an operator sees of the store that machines share, and what nobody ever sees.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { hasComponent } from '../support/components.ts';
import { freePort, startRedis } from '../support/redis.ts';
import { writeSmallConfig } from '../support/small-config.ts';

const secret = 's3cret-pass';

test.skipIf(!hasComponent('redis-server'))(
  'while the store is away the gateway is ready and says so everywhere, without the password',
  async () => {
    const server = await startRedis({ args: ['--requirepass', secret] });
    const cwd = await temporaryFolder();
    const adminPort = await freePort();
    await writeFile(path.join(cwd, 'password'), `${secret}\n`);
    writeSmallConfig(cwd, {
      admin: `{ socket: run/admin.sock, http: "127.0.0.1:${adminPort}" }`,
      beside: `shared: { url: "${server.url}", password: "\${file:password}", timeout: 1s }`,
      site: ', limits: [{ rate: 5/min }]',
    });
    const gateway = startCli(['run'], { cwd });
    await gateway.said('"ready"');
    await gateway.said('the shared store is up');
    const get = async (what: string): Promise<string> => (await fetch(`http://127.0.0.1:${adminPort}/${what}`)).text();
    const status = async (): Promise<string> => (await runCli(['status'], { cwd })).stdout;
    expect(await get('readyz')).toBe('ready\n');
    expect(await get('metrics')).toContain('gatehouse_shared_up 1\n');
    expect(await status()).toMatch(new RegExp(`^shared {7}redis://127.0.0.1:${server.port}/0 up since`, 'm'));

    await server.kill();
    await gateway.said('this machine counts alone');
    const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/^ready\nthe shared store is down; this machine counts alone\n$/);
    expect(await get('metrics')).toContain('gatehouse_shared_up 0\n');
    expect(await status()).toMatch(/down since .*; this machine counts alone/);

    await server.start();
    await vi.waitFor(async () => expect(await get('readyz')).toBe('ready\n'), { timeout: 10_000 });
    const shown = [await get('metrics'), (await runCli(['status', '--json'], { cwd })).stdout];
    gateway.child.kill('SIGTERM');
    const { stdout, stderr } = await gateway.ended;
    expect([stdout, stderr, ...shown].join('\n')).not.toContain(secret);
  },
);

test.skipIf(!hasComponent('redis-server'))('a wrong password is told without being shown', async () => {
  const server = await startRedis({ args: ['--requirepass', 'right'] });
  const cwd = await temporaryFolder();
  writeSmallConfig(cwd, {
    admin: '{ socket: false, http: false }',
    beside: `logs: { level: trace }\nshared: "redis://:${secret}@127.0.0.1:${server.port}"`,
  });
  const gateway = startCli(['run'], { cwd, env: { DEBUG: '' } });
  const said = await gateway.said('the shared store is of no use yet');
  expect(said).toContain('WRONGPASS');
  gateway.child.kill('SIGTERM');
  const { stdout, stderr } = await gateway.ended;
  expect(stdout + stderr).not.toContain(secret);
});
