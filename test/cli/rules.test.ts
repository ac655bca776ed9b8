import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';

const RULES = `SecRule ARGS "@contains attack" \\
  "id:100,phase:2,deny,log,msg:'Hit %{MATCHED_VAR}',severity:CRITICAL,tag:'t1',tag:'t2'"
SecRule REQUEST_HEADERS:User-Agent "@rx ^bad" "id:101,phase:1,pass,nolog,chain"
  SecRule ARGS:a "@streq 1" "msg:'Chained'"
SecRule ARGS "@contains gone" "id:102,phase:2,deny"
SecRuleRemoveById 102
`;

async function folderWith(site: string, rules: string = RULES): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'own.conf'), rules);
  await writeFile(path.join(folder, 'gatehouse.yaml'), `sites: { a.test: { to: "http://127.0.0.1:3000"${site} } }\n`);
  return folder;
}

describe('gatehouse rules list', () => {
  test('prints every rule in the order of its loading, with its place', async () => {
    const cwd = await folderWith(', waf: { rules: [own.conf] }');
    const { code, stdout, stderr } = await runCli(['rules', 'list'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => Number(line.trim().split(' ', 1)[0]))).toEqual([200002, 200003, 200004, 100, 101]);
    expect(lines[3]).toMatch(/^ {4}100 {2}phase 2 {2}deny {3}Hit %\{MATCHED_VAR\} {2}\/.*own\.conf:1$/);
    expect(lines[4]).toMatch(/101 {2}phase 1 {2}pass {3}Chained {2}\/.*own\.conf:3$/);
  });

  test('prints them as JSON', async () => {
    const cwd = await folderWith(', waf: { rules: [own.conf] }');
    const { code, stdout } = await runCli(['rules', 'list', '--json'], { cwd });
    expect(code).toBe(0);
    const rules = JSON.parse(stdout) as { id: number }[];
    expect(rules.find(({ id }) => id === 100)).toEqual({
      id: 100,
      phase: 2,
      file: path.join(cwd, 'own.conf'),
      line: 1,
      action: 'deny',
      log: true,
      severity: 2,
      msg: 'Hit %{MATCHED_VAR}',
      tags: ['t1', 't2'],
    });
  });

  test('prints them as SecLang that means the same', async () => {
    const cwd = await folderWith(', waf: { rules: [own.conf] }');
    const first = await runCli(['rules', 'list', '--seclang'], { cwd });
    expect(first.code).toBe(0);
    expect(first.stdout).not.toContain('102');
    await writeFile(path.join(cwd, 'own.conf'), first.stdout);
    const second = await runCli(['rules', 'list', '--seclang'], { cwd });
    expect(second).toEqual(first);
  });

  test('says so when no site has rules', async () => {
    const cwd = await folderWith(', waf: false');
    const { code, stdout, stderr } = await runCli(['rules', 'list'], { cwd });
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('no site of this configuration has rules');
  });

  test('takes a configuration that stands elsewhere', async () => {
    const folder = await folderWith(', waf: { rules: [own.conf] }');
    const { code, stdout } = await runCli(['rules', 'list', '-c', path.join(folder, 'gatehouse.yaml')]);
    expect(code).toBe(0);
    expect(stdout).toContain('Hit %{MATCHED_VAR}');
  });

  test('prints every fault of the rules and ends with 2', async () => {
    const cwd = await folderWith(
      ', waf: { rules: [own.conf] }',
      'SecNope On\nSecRule ARGS "@rx (" "id:1,phase:2,deny"\n',
    );
    const { code, stdout, stderr } = await runCli(['rules', 'list'], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/own\.conf:1:\d+.*SecNope/);
    expect(stderr).toMatch(/own\.conf:2/);
  });

  test('cannot print JSON and SecLang at once', async () => {
    expect((await runCli(['rules', 'list', '--json', '--seclang'])).code).toBe(2);
  });
});

describe('gatehouse run, with rules', () => {
  const LISTEN = 'listen: { https: "127.0.0.1:0", http: false }\nworkers: 0\nadmin: { socket: false, http: false }\n';

  test('writes findings to stdout in front of the access record of their request', async () => {
    const backend = await startBackend();
    const cwd = await temporaryFolder();
    await writeFile(path.join(cwd, 'own.conf'), RULES);
    const site = `sites: { localhost: { to: "${backend.url}", waf: { rules: [own.conf] } } }\n`;
    await writeFile(path.join(cwd, 'gatehouse.yaml'), LISTEN + site);
    const cli = startCli(['run'], { cwd });
    const port = Number(/"https":\["127\.0\.0\.1:(\d+)"/.exec(await cli.said('"msg":"ready"'))?.[1]);
    const ca = await readFile(path.join(cwd, 'certs/internal/root.pem'), 'utf8');
    expect(await request('h2', { port, ca }, { path: '/?a=attack' })).toMatchObject({ status: 403 });
    expect(await request('h2', { port, ca })).toMatchObject({ status: 200 });
    cli.child.kill('SIGTERM');
    const { stdout } = await cli.ended;
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; requestId: string });
    expect(lines.map(({ event }) => event)).toEqual(['waf', 'access', 'access']);
    expect(lines[0]?.requestId).toBe(lines[1]?.requestId);
  });

  test('does not start with a bad rule file: every fault, and 2', async () => {
    const cwd = await temporaryFolder();
    await writeFile(path.join(cwd, 'own.conf'), 'SecNope On\nSecRule ARGS "@nope" "id:1,phase:2,deny"\n');
    const site = 'sites: { localhost: { to: "http://127.0.0.1:1", waf: { rules: [own.conf] } } }\n';
    await writeFile(path.join(cwd, 'gatehouse.yaml'), LISTEN + site);
    const { code, stderr } = await runCli(['run'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/own\.conf:1:\d+[\s\S]*own\.conf:2/);
  });
});
