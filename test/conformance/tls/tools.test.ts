// TLS as tools of others see it: testssl.sh, where it is installed, has nothing to find but what a test certificate causes;
// openssl gets no early data, no old version and no weak suite.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startBackend } from '../../support/backend.ts';
import { hasComponent } from '../../support/components.ts';
import { startGateway, type World } from '../../support/world.ts';

/** What a certificate of the local CA, a name without a domain, a page without fields and the tool's own openssl cause. */
const OF_THE_TEST = new Set([
  'cert_chain_of_trust',
  'cert_revocation',
  'DNS_CAArecord',
  'security_headers',
  'engine_problem',
  'secure_renego',
]);

async function start(): Promise<World> {
  const { url } = await startBackend();
  return startGateway(`sites: { localhost: { to: "${url}", hsts: 365d } }`);
}

/** What it says, whatever its exit code. */
function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { encoding: 'utf8' }, (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
    child.stdin?.end();
  });
}

interface Found {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

test.skipIf(!hasComponent('testssl'))(
  'testssl.sh finds nothing worse than OK',
  async () => {
    const world = await start();
    const file = path.join(world.folder, 'testssl.json');
    const quietly = ['--warnings', 'off', '--color', '0', '--quiet', '--ip', 'one', '--jsonfile', file];
    // Versions, suites and forward secrecy; in full also the server's defaults and preferences, fields and known faults.
    const what = process.env.TESTSSL === 'full' ? ['-p', '-s', '-f', '-S', '-P', '-h', '-U'] : ['-p', '-s', '-f'];
    const words = await run('testssl', [...quietly, ...what, `https://localhost:${world.port}`]);
    const found = JSON.parse(await readFile(file, 'utf8')) as Found[];
    const worse = found.filter(({ id, severity }) => severity !== 'OK' && severity !== 'INFO' && !OF_THE_TEST.has(id));
    expect(worse, words).toEqual([]);
    expect(found.length, words).toBeGreaterThan(15);
  },
  240_000,
);

describe.skipIf(!hasComponent('openssl'))('openssl', () => {
  const client = ({ port }: World, ...args: readonly string[]): Promise<string> =>
    run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', ...args]);

  test('is offered no early data and no compression', async () => {
    const said = await client(await start(), '-tls1_3');
    expect(said).toMatch(/Cipher is TLS_AES_128_GCM_SHA256/);
    expect(said).toMatch(/Early data was not sent/);
    expect(said).not.toMatch(/Max Early Data: [1-9]/);
    expect(said).toMatch(/Compression: NONE/);
  });

  test.for([
    ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'],
    ['-tls1', '-cipher', 'ALL:@SECLEVEL=0'],
    ['-tls1_2', '-cipher', 'AES128-GCM-SHA256:AES256-GCM-SHA384'],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES128-SHA'],
    ['-tls1_2', '-cipher', 'DHE-RSA-AES128-GCM-SHA256:DHE-RSA-CHACHA20-POLY1305'],
    ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-ARIA128-GCM-SHA256:ECDHE-ECDSA-CAMELLIA128-SHA256'],
    ['-tls1_2', '-cipher', 'NULL:aNULL:@SECLEVEL=0'],
    ['-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256'],
  ])('gets no connection with %s %s %s', async (args) => {
    const said = await client(await start(), ...args);
    expect(said).toMatch(/Cipher is \(NONE\)/);
  });
});
