import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../support/cli.ts';

const RULES = `SecRule ARGS "@contains attack" "id:100,phase:2,deny,log,msg:'Hit'"
SecRule TX:never "@streq 1" "id:101,phase:2,deny,log,msg:'Never'"
`;

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

function sites(...wafs: readonly string[]): string {
  return `sites:\n${wafs.map((waf, i) => `  s${i}.test: { to: "http://127.0.0.1:3000", waf: ${waf} }\n`).join('')}`;
}

describe('gatehouse check, of rules', () => {
  test('prints the figures of each rule set, once however many sites share it', async () => {
    const cwd = await folderWith({
      'a.conf': RULES,
      'b.conf': 'SecAction "id:1,phase:1,pass,nolog"\n',
      'gatehouse.yaml': sites(
        '{ rules: [a.conf] }',
        '{ rules: [a.conf], mode: detect }',
        '{ rules: [a.conf, b.conf] }',
      ),
    });
    const { code, stdout, stderr } = await runCli(['check'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^rules {4}.*$/gm)?.map((line) => path.basename(line))).toHaveLength(2);
    expect(stdout).toMatch(/5 rules, \d of them can match with these settings/);
    expect(stdout).toMatch(/6 rules/);
    expect(stdout).toMatch(/read in \d+ ms, compiled in \d+ ms, about \d+ ?MiB/);
    const { stdout: json } = await runCli(['check', '--json'], { cwd });
    const { rules, notices } = JSON.parse(json) as { rules: Record<string, unknown>[]; notices: unknown[] };
    expect(notices).toEqual([]);
    expect(rules).toHaveLength(2);
    for (const figure of rules) {
      const facts = ['name', 'paranoia', 'sites', 'rules', 'activeRules', 'loadMs', 'compileMs', 'memoryBytes'];
      expect(Object.keys(figure)).toEqual(facts);
    }
    expect(rules.map((figure) => figure.rules)).toEqual([5, 6]);
  });

  test('says nothing of rules where there are none', async () => {
    const cwd = await folderWith({ 'gatehouse.yaml': sites('false') });
    const { code, stdout } = await runCli(['check'], { cwd });
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/^rules/m);
  });

  test('prints every fault of every file with its place, and ends with 2', async () => {
    const cwd = await folderWith({
      'a.conf': 'SecRule ARGS "@nope x" "id:1,phase:2,deny"\n\nSecRule ARGS "@rx a(" "id:2,phase:2,deny"\n',
      'b.conf': 'SecFoo On\nSecRule ARGS "@rx a" "id:3,phase:9,deny"\nSecRule NOWHERE "@rx a" "id:4,phase:2,deny"\n',
      'gatehouse.yaml': sites('{ rules: [a.conf] }', '{ rules: [b.conf] }'),
    });
    const { code, stdout, stderr } = await runCli(['check'], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    const places = [...stderr.matchAll(/([ab]\.conf):(\d+)/g)].map(([, file, line]) => `${file}:${line}`);
    expect([...new Set(places)]).toEqual(['a.conf:1', 'a.conf:3', 'b.conf:1', 'b.conf:2', 'b.conf:3']);
    const { code: again, stdout: json } = await runCli(['check', '--json'], { cwd });
    expect(again).toBe(2);
    expect(JSON.parse(json)).toMatchObject({
      ok: false,
      problems: Array(5).fill({ code: expect.any(String) as string }),
    });
  });

  test.for([
    ['[no/such.conf]', 'no/such.conf'],
    ['["none/*.conf"]', 'none'],
    ['[{ crs: empty }]', 'OWASP Core Rule Set'],
  ] as const)('refuses %s, which holds no rules', async ([rules, words]) => {
    const cwd = await folderWith({ 'gatehouse.yaml': sites(`{ rules: ${rules} }`), 'empty/x': '' });
    const { code, stderr } = await runCli(['check'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });

  test('reads a folder of CRS: the set-up first, then the rules, plugins around them', async () => {
    const rule = (id: number): string => `SecAction "id:${id},phase:1,pass,nolog"\n`;
    const cwd = await folderWith({
      'crs/crs-setup.conf.example': rule(1),
      'crs/rules/B.conf': rule(5),
      'crs/rules/A.conf': rule(4),
      'crs/plugins/p-config.conf': rule(2),
      'crs/plugins/p-before.conf': rule(3),
      'crs/plugins/p-after.conf': rule(6),
      'gatehouse.yaml': sites('{ rules: [{ crs: crs }] }'),
    });
    const { code, stdout } = await runCli(['rules', 'list', '--json'], { cwd });
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { id: number }[]).map(({ id }) => id)).toEqual([
      200002, 200003, 200004, 1, 2, 3, 4, 5, 6,
    ]);
  });

  test('tells what was accepted and has no effect', async () => {
    const cwd = await folderWith({
      'a.conf': `SecAuditLog /var/log/audit.log\n${RULES}`,
      'gatehouse.yaml': sites('{ rules: [a.conf] }'),
    });
    const { code, stderr } = await runCli(['check'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/notice: .*a\.conf:1.*SecAuditLog/);
  });
});
