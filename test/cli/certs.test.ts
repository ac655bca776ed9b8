// `gatehouse certs`, as a user calls it.
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../support/cli.ts';

const CONFIG = 'sites: { a.test: { to: "http://127.0.0.1:3000", aliases: ["*.b.test"] } }';
const PEM = /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\n$/;

async function configured(): Promise<string> {
  const folder = await temporaryFolder();
  writeFileSync(path.join(folder, 'gatehouse.yaml'), CONFIG);
  return folder;
}

describe('gatehouse certs export', () => {
  test('prints the root of the local CA, and makes it when it is not there', async () => {
    const cwd = await temporaryFolder();
    const { code, stdout } = await runCli(['certs', 'export', '--root'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(PEM);
    expect((await runCli(['certs', 'export', '--root'], { cwd })).stdout).toBe(stdout);
  });

  test('prints the chain of a name, and no key', async () => {
    const cwd = await configured();
    const { code, stdout } = await runCli(['certs', 'export', 'a.test'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(PEM);
    expect(stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(new X509Certificate(stdout).checkHost('a.test')).toBe('a.test');
    const { stdout: json } = await runCli(['certs', 'export', 'a.test', '--json'], { cwd });
    expect(JSON.parse(json)).toMatchObject({ chainPem: stdout, source: 'internal' });
    expect(json).not.toContain('PRIVATE KEY');
  });

  test('writes chain and key of a name, both readable by the owner alone', async () => {
    const cwd = await configured();
    const { code, stdout } = await runCli(['certs', 'export', '*.B.test', '--out', 'backup'], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const [key, chain] = readdirSync(path.join(cwd, 'backup')).map((name) => path.join(cwd, 'backup', name));
    expect([key, chain].map((file) => path.basename(String(file)))).toEqual([
      '_wildcard.b.test.key',
      '_wildcard.b.test.pem',
    ]);
    expect(new X509Certificate(readFileSync(String(chain))).checkHost('x.b.test')).toBe('*.b.test');
    expect(readFileSync(String(key), 'latin1')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    if (process.platform !== 'win32') {
      for (const file of [key, chain]) expect(statSync(String(file)).mode & 0o777).toBe(0o600);
    }
  });

  test.for([[], ['--root', 'a.test'], ['--root', '--out', 'x'], ['nobody.test'], ['../x'], ['']])(
    '%j is a wrong call, with 2',
    async (args) => {
      expect((await runCli(['certs', 'export', ...args], { cwd: await configured() })).code).toBe(2);
    },
  );
});

describe('gatehouse certs trust and untrust', () => {
  test('untrust says so when there is no local CA, and makes none', async () => {
    const cwd = await temporaryFolder();
    const { code, stderr } = await runCli(['certs', 'untrust'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/root\.pem is not there/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test.for(['trust', 'untrust'])('%s --help tells what it does', async (name) => {
    const { code, stdout } = await runCli(['certs', name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain("this machine's trust store");
  });
});
